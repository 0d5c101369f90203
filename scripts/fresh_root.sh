#!/usr/bin/env bash
# Makes a minimal root of the host's own release and tries a level of fresh.sh
# in it. Called by fresh.sh in mount and process namespaces of its own, so that
# every mount and process is gone when it ends, however it ends.
#
# The root has what --variant=minbase and the named packages bring, and takes
# over from the host only what leads to packages: apt's sources, keys and
# configuration, the certificate store, pip's configuration with the local
# folders that it names, and the environment variables for these.
#
# usage: fresh_root.sh ROOT PACKAGES GIGABYTES [WHEEL...]   with the commands on
#        standard input; HEAD is in ~/tpuc, the wheels in ~
set -euo pipefail
root=$1 packages=$2 gigabytes=$3 wheels=("${@:4}")

suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?no code name in /etc/os-release}")
environment=(HOME=/root USER=root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)

# take PATH: gives the root a file or folder of the host, at the same path.
take() {
  local path=$1
  if [[ -d $path ]]; then
    mkdir -p "$root$path"
    cp -aL "$path/." "$root$path/" 2>/dev/null || true # dangling links
  elif [[ -f $path && ! $path -ef $root$path ]]; then
    mkdir -p "$root$(dirname "$path")"
    cp -aL "$path" "$root$path"
  fi
}

# share PATH [WHERE]: shows a folder of the host in the root, without a copy.
share() {
  local path=$1 where=$root${2:-$1}
  [[ -d $path ]] || return 0
  mountpoint -q "$where" && return 0
  mkdir -p "$where"
  mount --bind "$path" "$where"
}

# share_read_only PATH: the same for what the root must not change.
share_read_only() {
  share "$1"
  if mountpoint -q "$root$1"; then
    mount -o remount,ro,bind "$root$1"
  fi
}

# In memory, where there is plenty: faster by far, and gone with the namespace.
# What the root holds is less than its size on a disk, where packages are kept.
use_memory() {
  local available
  available=$(awk '$1 == "MemAvailable:" { print int($2 / 1048576) }' /proc/meminfo)
  if ((available >= gigabytes + 6)); then
    mount -t tmpfs -o "size=${gigabytes}G,mode=755" tmpfs "$root"
  fi
}

# Shows the packages that the host has downloaded; what the root adds or removes
# stays in the root.
share_archives() {
  local archives=/var/cache/apt/archives
  [[ -d $archives ]] || return 0
  mkdir -p "$root/.overlay/"{upper,work}
  mount -t overlay overlay "$root$archives" 2>/dev/null \
    -o "lowerdir=$archives,upperdir=$root/.overlay/upper,workdir=$root/.overlay/work" || true
  mkdir -p "$root$archives/partial"
}

make_base() {
  local mirror proxy
  mirror=$(apt-get indextargets --format '$(RELEASE) $(SITE)' 'Created-By: Packages' |
    awk -v suite="$suite" '$1 == suite { print $2; exit }')
  [[ -n $mirror ]] || {
    echo "fresh: apt has no source for $suite"
    return 1
  }
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  eval "$proxy"
  export http_proxy=${proxy:-${http_proxy:-}}
  local options=()
  if [[ $mirror == file:* ]]; then
    share_read_only "${mirror#file:}"
  fi
  if [[ -d /var/cache/apt/archives ]]; then
    options+=(--cache-dir=/var/cache/apt/archives)
  fi
  echo "fresh: debootstrap of $suite from $mirror"
  debootstrap --variant=minbase --include="$packages" "${options[@]}" \
    "$suite" "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -20 "$root.log"
    echo "fresh: debootstrap failed"
    return 1
  }
}

mount_system() {
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
}

take_apt() {
  rm -rf "$root/etc/apt"
  for path in /etc/apt /usr/share/keyrings /etc/resolv.conf /etc/hosts; do
    take "$path"
  done
  # Keys elsewhere, and archives in local folders.
  local word
  while read -r word; do
    take "$word"
  done < <(grep -rhoiE 'signed-by *[:=] */[^] ]+' /etc/apt/sources.list* | grep -oE '/.*')
  while read -r word; do
    share_read_only "$word"
  done < <(grep -rhoE '(file|copy):/+[^] ]+' /etc/apt/sources.list* | sed -E 's|^[a-z]+:/+|/|')
  # The host's hooks call what only the host has.
  printf '#clear %s;\n' DPkg::Pre-Invoke DPkg::Post-Invoke DPkg::Pre-Install-Pkgs \
    APT::Update::Pre-Invoke APT::Update::Post-Invoke APT::Update::Post-Invoke-Success \
    >"$root/etc/apt/apt.conf.d/zz-no-hooks"
}

take_certificates() {
  take /usr/local/share/ca-certificates
  take /etc/ssl/certs
}

# Reads pip's configuration files and finds the files and folders they name.
take_pip() {
  local file word
  local home=${HOME:-/root}
  for file in /etc/pip.conf /etc/xdg/pip "$home/.config/pip" "$home/.pip" "${PIP_CONFIG_FILE:-}"; do
    [[ -e $file ]] || continue
    take "$file"
    if [[ $file == "$home"/* && $home != /root ]]; then
      mkdir -p "$root/root"
      cp -aL --parents "$file" "$root/root/" && cp -a "$root/root$home/." "$root/root/"
    fi
    while read -r word; do
      take_named "$word"
    done < <(find "$file" -type f -exec sed 's/^[[:blank:]]*[#;].*//; s/ [#;].*//' {} + |
      grep -oE '(^|[=[:space:]])(file://)?/[^[:space:],]+' | tr -d '=[:blank:]')
  done
}

# take_named WORD: what a setting names, if it is a local file or folder.
take_named() {
  local path=${1#file://}
  if [[ -f $path ]]; then
    take "$path"
  elif [[ -d $path && $path != / ]]; then
    # The files of an index lie beside its pages.
    [[ $(basename "$path") == simple ]] && path=$(dirname "$path")
    share_read_only "$path"
  fi
}

take_environment() {
  local pair word
  while IFS= read -r -d '' pair; do
    case ${pair%%=*} in
    http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY | \
      PIP_* | SSL_CERT_* | *CA_BUNDLE | *CAINFO | *CA_CERTS* | *_CERT_FILE)
      environment+=("$pair")
      [[ ${pair%%=*} == SSL_CERT_DIR ]] && continue
      for word in ${pair#*=}; do
        [[ $word == /* || $word == file:///* ]] && take_named "$word"
      done
      ;;
    esac
  done < <(env -0)
}

# HEAD as anybody gets it: no file that is not committed, no path of this tree.
clone_project() {
  git clone --quiet --no-hardlinks . "$root/root/tpuc"
}

share_caches() {
  if command -v ccache >/dev/null; then
    share "$(ccache -k cache_dir)" /root/.cache/ccache
  fi
  share "${HOME:-/root}/.cache/pip" /root/.cache/pip
}

use_memory
make_base
mount_system
take_apt
share_archives
take_certificates
take_pip
take_environment
share_caches
clone_project
if ((${#wheels[@]})); then
  cp "${wheels[@]}" "$root/root/"
fi
chroot "$root" /usr/bin/env -i "${environment[@]}" bash -euo pipefail
