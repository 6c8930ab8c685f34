/** Where distributions have their packages and keys, for manifests that are made anew. */
import type { DistributionName } from "./distribution-names.js";

export interface DistributionRepository {
  readonly id: string;
  /** Undefined for one that is configured on the system. */
  readonly url?: string;
  /** The repository's own key. */
  readonly gpgkey?: string;
}

export interface DistributionSources {
  /** One line. */
  readonly note: string;
  readonly repositories: readonly DistributionRepository[];
  readonly gpgkeys: readonly string[];
  /** Where URLs have `$releasever`. */
  readonly releasever?: string;
}

export interface Distribution {
  readonly title: string;
  /** The ID in os-release(5) of systems that are this distribution. */
  readonly hostIds: readonly string[];
  /** The newest first, which is taken when nobody names one; any other is taken as it is when `open`. */
  readonly releases: readonly string[];
  readonly open?: boolean;
  /** `arch` is rpm's name of the architecture. */
  readonly sources: (release: string, arch: string) => DistributionSources;
}

/** A repository for each part, as the rebuilds of RHEL have them. */
function parts(base: string): readonly DistributionRepository[] {
  return [
    { id: "baseos", url: `${base}/BaseOS/$basearch/os` },
    { id: "appstream", url: `${base}/AppStream/$basearch/os` },
  ];
}

const TUMBLEWEED = "https://download.opensuse.org/tumbleweed/repo/oss";

export const DISTRIBUTIONS: Readonly<Record<DistributionName, Distribution>> = {
  fedora: {
    title: "Fedora",
    hostIds: ["fedora"],
    releases: ["43"],
    open: true,
    sources: (release) => ({
      note: 'On Fedora, the ids of its own repositories, "fedora" and "updates", could stand here instead.',
      repositories: [
        {
          id: "fedora",
          url: "https://dl.fedoraproject.org/pub/fedora/linux/releases/$releasever/Everything/$basearch/os",
        },
        {
          id: "updates",
          url: "https://dl.fedoraproject.org/pub/fedora/linux/updates/$releasever/Everything/$basearch",
        },
      ],
      gpgkeys: ["https://fedoraproject.org/fedora.gpg"],
      releasever: release,
    }),
  },
  centos: {
    title: "CentOS Stream",
    hostIds: ["centos"],
    releases: ["10", "9"],
    sources: (release) => ({
      note: "One key signs both repositories.",
      repositories: parts(`https://mirror.stream.centos.org/${release}-stream`),
      gpgkeys: [`https://www.centos.org/keys/RPM-GPG-KEY-CentOS-Official${release === "9" ? "" : "-SHA256"}`],
    }),
  },
  ubi: {
    title: "Red Hat Universal Base Image",
    hostIds: [],
    releases: ["10", "9", "8"],
    sources: (release) => ({
      note: "Repositories that need no subscription.",
      repositories: ["baseos", "appstream"].map((part) => ({
        id: `ubi-${release}-${part}`,
        url: `https://cdn-ubi.redhat.com/content/public/ubi/dist/ubi${release}/${release}/$basearch/${part}/os`,
      })),
      gpgkeys: ["https://www.redhat.com/security/data/fd431d51.txt"],
    }),
  },
  rhel: {
    title: "Red Hat Enterprise Linux",
    hostIds: ["rhel"],
    releases: ["10", "9", "8"],
    sources: (release, arch) => ({
      note: "The repositories of this system, which must be subscribed, with their own keys.",
      repositories: ["baseos", "appstream"].map((part) => ({ id: `rhel-${release}-for-${arch}-${part}-rpms` })),
      gpgkeys: [],
    }),
  },
  rocky: {
    title: "Rocky Linux",
    hostIds: ["rocky"],
    releases: ["10", "9"],
    sources: (release) => ({
      note: "One key signs both repositories.",
      repositories: parts(`https://dl.rockylinux.org/pub/rocky/${release}`),
      gpgkeys: [`https://dl.rockylinux.org/pub/rocky/RPM-GPG-KEY-Rocky-${release}`],
    }),
  },
  almalinux: {
    title: "AlmaLinux",
    hostIds: ["almalinux"],
    releases: ["10", "9"],
    sources: (release) => ({
      note: "One key signs both repositories.",
      repositories: parts(`https://repo.almalinux.org/almalinux/${release}`),
      gpgkeys: [`https://repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-${release}`],
    }),
  },
  azurelinux: {
    title: "Azure Linux",
    hostIds: ["azurelinux"],
    releases: ["3.0"],
    sources: (release) => ({
      note: "The key is also in the package azurelinux-repos-shared.",
      repositories: [
        { id: "azurelinux-base", url: `https://packages.microsoft.com/azurelinux/${release}/prod/base/$basearch` },
      ],
      gpgkeys: ["https://packages.microsoft.com/keys/microsoft.asc"],
    }),
  },
  opensuse: {
    title: "openSUSE Tumbleweed",
    hostIds: ["opensuse-tumbleweed"],
    releases: ["tumbleweed"],
    sources: () => ({
      note: "The repository keeps its key beside its metadata.",
      repositories: [{ id: "repo-oss", url: TUMBLEWEED, gpgkey: `${TUMBLEWEED}/repodata/repomd.xml.key` }],
      gpgkeys: [],
    }),
  },
};
