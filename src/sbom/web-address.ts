/** Whether a package's URL is one that formats take: of the web, and without what a URL must not have. */
export function isWebAddress(url: string): boolean {
  return /^https?:\/\//.test(url) && !/[\s<>"{}|\\^`]/.test(url) && URL.canParse(url);
}
