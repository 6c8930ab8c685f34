/** What the manifest's keys mean, for editors. */

/** By path; entries of arrays and alternatives have that of what holds them. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  contents: "What is in the image.",
  "contents.repositories":
    "Where packages come from: ids of repositories that are configured on this system, base URLs with dnf's variables, or tables.",
  "contents.repositories.url": "The base URL, with dnf's variables.",
  "contents.repositories.id": "A name of your own; made of the URL's host and path when it is left out.",
  "contents.repositories.options": 'dnf\'s options of a repository, as `includepkgs = "a,b"` or `gpgcheck = "false"`.',
  "contents.packages":
    "What dnf install takes: names, globs, NEVRA forms, capabilities, file paths, @groups; and globs of local RPM files.",
  "contents.modules": "Module streams to enable, name:stream, with a profile to install: name:stream/profile.",
  "contents.module_platform_id":
    "The platform, such as platform:el9, when no release package in the repositories tells it.",
  "contents.gpgkeys": "URLs of keys for all repositories, beside their own gpgkey.",
  "contents.releasever": "The value of $releasever, over the system's.",
  "contents.docs": "Whether documentation files are installed.",
  "contents.os_release": "Whether /etc/os-release is required.",
  "contents.exclude": "Packages that are removed from the image whatever depends on them.",
  "contents.require_signed": "Whether every package must be signed, whatever gpgcheck says; local RPMs, too.",
  image: "The OCI image configuration.",
  "image.user": "The user that the image's programs run as: name or id, with a group behind a colon.",
  "image.workingdir": "The directory that the image's programs run in.",
  "image.stopsignal": "The signal that stops a container, such as SIGQUIT.",
  "image.author": "Who made the image.",
  "image.entrypoint": "The program that a container runs, and its first arguments.",
  "image.cmd": "The program's further arguments, which a user may replace.",
  "image.exposed_ports": "Ports that a container listens on: 8080, 8080/tcp, 53/udp.",
  "image.volumes": "Directories that hold a container's data.",
  "image.envs": "Variables of the environment; PATH has a default.",
  "image.labels": "Labels of the image.",
  layers: "How the image is cut into layers.",
  "layers.compression": "How layers are compressed.",
  "layers.level": "1 to 9 for gzip, 1 to 19 for zstd; 1 when it is left out.",
  "layers.strategy":
    "single: one layer. package, source: one for each package, or source package, up to max. size: layers of about the same size.",
  "layers.max": "The most layers of the image, with any strategy but single.",
  "layers.groups": "Packages that have a layer of their own.",
  "layers.groups.name": "The layer's name.",
  "layers.groups.packages": "Names of packages, or globs of them.",
  policy: "What the image must and must not be; update and build fail otherwise.",
  "policy.forbidden": "Names of packages, or globs of them, that must not be in the image.",
  "policy.allowed_licenses":
    "Licences of packages, or globs of them; of a package's licences joined by AND all must be among them, of those joined by OR one.",
  "policy.max_package_size": "The most bytes of a package's installed files: a number, or as 500M.",
  "policy.max_installed_size": "The most bytes of all packages' installed files.",
  "policy.max_image_size": "The most bytes of the image's layers as they are stored.",
  "policy.require_signatures": "Whether every package must be signed, whatever gpgcheck says; local RPMs, too.",
};
