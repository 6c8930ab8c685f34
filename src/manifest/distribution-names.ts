/** What `init` takes; by itself, as their sources are needed by nobody else. */
export const distributionNames = [
  "fedora",
  "centos",
  "ubi",
  "rhel",
  "rocky",
  "almalinux",
  "azurelinux",
  "opensuse",
] as const;

export type DistributionName = (typeof distributionNames)[number];
