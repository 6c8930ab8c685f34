# Sourced by the other scripts: installs what a fresh machine lacks, and builds what has changed. Fast when nothing has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "not root, and sudo is missing; let root run: $*"
  fi
}

# What the addon is compiled with, what a build runs, and what the distribution is made with.
debian_packages=(
  g++ make cmake pkg-config libsolv-dev libsolvext-dev librpm-dev libdeflate-dev libsqlite3-dev nettle-dev
  libcurl4-openssl-dev zlib1g-dev ca-certificates
  dnf uidmap util-linux
  rpm createrepo-c gnupg dpkg xz-utils zstd
)
fedora_packages=(
  gcc-c++ make cmake pkgconf-pkg-config libsolv-devel rpm-devel libdeflate-devel sqlite-devel nettle-devel
  libcurl-devel zlib-devel ca-certificates
  dnf shadow-utils util-linux
  rpm-build rpm-sign createrepo_c gnupg2 dpkg apt debootstrap debian-keyring xz zstd
)
# What the tests compare with.
debian_test_packages=(skopeo umoci libarchive-tools clang-format-14 libcap2-bin openssl sqlite3 python3 tar gzip bzip2 pigz
  git docker-registry zsh fish mandoc qemu-user-static systemd chromium-headless-shell)
fedora_test_packages=(skopeo umoci bsdtar bsdcat libcap openssl sqlite python3 tar gzip bzip2 pigz git libasan libubsan
  glibc-static zsh fish mandoc qemu-user-static systemd chromium-headless)

install_debian() {
  local missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  # Without the package lists nothing can be downloaded for the distribution, even if nothing is to be installed.
  if [ ${#missing[@]} -gt 0 ] || ! apt-cache show base-files >/dev/null 2>&1; then
    say "Installing ${missing[*]:-package lists}"
    as_root apt-get update -qq
    # Not every release has every package: what cannot be had is missed where it is needed, with a message of its own.
    local available=()
    for package in "${missing[@]}"; do
      if apt-cache show "$package" >/dev/null 2>&1; then available+=("$package"); else echo "not in this release: $package"; fi
    done
    [ ${#available[@]} -eq 0 ] ||
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${available[@]}" >/dev/null
  fi
}

install_fedora() {
  local missing=()
  for package in "$@"; do rpm -q --whatprovides "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] || { say "Installing ${missing[*]}"; as_root dnf install -y -q "${missing[@]}"; }
}

# install_system [with-tests]
install_system() {
  if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null && [ -f /etc/debian_version ]; then
    [ "${1:-}" = with-tests ] && debian_packages+=("${debian_test_packages[@]}")
    install_debian "${debian_packages[@]}"
  elif command -v dnf >/dev/null; then
    [ "${1:-}" = with-tests ] && fedora_packages+=("${fedora_test_packages[@]}")
    install_fedora "${fedora_packages[@]}"
  else
    fail "neither apt-get nor dnf is here; install by hand what scripts/prepare.sh lists"
  fi
  # A user namespace needs ranges of ids, for root's tests of it, too.
  for kind in uid gid; do
    grep -q "^$(id -un):" "/etc/sub$kind" 2>/dev/null ||
      as_root usermod "--add-sub${kind}s" 100000-165535 "$(id -un)"
  done
}

# Root's tests want to know what an ordinary user gets.
install_test_user() {
  [ "$(id -u)" != 0 ] || id rpmoci-test >/dev/null 2>&1 || useradd --create-home rpmoci-test
}

# One line that changes with Node and with the contents of files and folders: a list, without spaces in its names.
stamp_of() {
  # shellcheck disable=SC2086
  (node --version; find $1 -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum
}

# One line that changes with the versions of the system's packages that rpmoci is built with, runs, and is tested by.
installed_versions() {
  if command -v dpkg-query >/dev/null; then
    (dpkg-query -W "${debian_packages[@]}" "${debian_test_packages[@]}" 2>/dev/null || true) | sha256sum
  else
    (rpm -q "${fedora_packages[@]}" "${fedora_test_packages[@]}" || true) | sha256sum
  fi
}

# Runs a command when one of the files or folders that its result depends on has changed since the last time.
when_changed() {
  local name=$1 stamp
  stamp=$(stamp_of "$2")
  shift 2
  mkdir -p .cache/stamps
  if [ "$(cat ".cache/stamps/$name" 2>/dev/null)" != "$stamp" ]; then
    rm -f ".cache/stamps/$name"
    "$@"
    echo "$stamp" >".cache/stamps/$name"
  fi
}

build_project() {
  command -v node >/dev/null || fail "Node 20 or later is missing"
  [ -d node_modules ] || rm -f .cache/stamps/npm
  when_changed npm package-lock.json install_npm_packages
  [ -f build/Release/rpmoci.node ] && [ -f build/Release/rpmoci-transfer.node ] || rm -f .cache/stamps/addon
  when_changed addon "native CMakeLists.txt package-lock.json" build_addon
  [ -f dist/main.js ] && [ -d build/js ] || rm -f .cache/stamps/typescript
  when_changed typescript "src tests scripts bench tsconfig.json tsconfig.build.json package-lock.json" build_typescript
}

install_npm_packages() {
  say "Installing npm packages"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

build_addon() {
  say "Building the addon"
  # A configuration that failed, for want of a library that is here now, would be taken for a whole one.
  [ -f build/Release/rpmoci.node ] || rm -rf build/CMakeCache.txt build/CMakeFiles
  npx --no-install cmake-js build --parallel "$(nproc)" >.cache/addon.log 2>&1 || { cat .cache/addon.log >&2; return 1; }
}

build_typescript() {
  say "Compiling TypeScript"
  rm -rf dist build/js
  npm run --silent build
  npx --no-install tsc -p tsconfig.json
}

# make_distribution SET KIND: prints nothing; the result is in build/distribution/KIND-SET
make_distribution() {
  node build/js/scripts/distribution/main.js --out "build/distribution/$2-$1" --set "$1" --kind "$2"
}
