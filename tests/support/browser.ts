/** A browser without a window, for pages that rpmoci writes. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";

const NAMES = ["chromium-headless-shell", "headless_shell", "chromium", "chromium-browser"];

const program = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** For `test`'s option of that name. */
export const browserSkip = program === undefined && "chromium is not here";

export interface OpenPage {
  readonly page: Page;
  /** What the browser says of the page, and what it asks for beside the page itself. */
  readonly complaints: readonly string[];
}

/** Opens a file; closes it when the test ends. */
export async function openPage(t: TestContext, path: string): Promise<OpenPage> {
  const browser = await chromium.launch({ executablePath: program ?? "", args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const url = pathToFileURL(path).href;
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (request.url() !== url) complaints.push(request.url());
  });
  await page.goto(url);
  return { page, complaints };
}
