#!/bin/sh
# Makes sure that Fashion-MNIST is where the program looks for it, and prints that folder.
#
# It is looked for where the program looks: TENUN_DATA, the cache, /usr/share/datasets. If it is in none of them,
# Debian's package is installed where that is possible without a question; else it is downloaded from the data
# set's own address into the cache, checked, and put there whole.
#
# usage: scripts/get-data.sh
# exit:  0 found or fetched; 1 not to be had, with advice on stderr
set -eu

name=fashion-mnist
package=dataset-fashion-mnist
address=http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
system=/usr/share/datasets/$name
cache=
if [ -n "${XDG_CACHE_HOME:-}" ]; then
    cache=$XDG_CACHE_HOME/tenun/$name
elif [ -n "${HOME:-}" ]; then
    cache=$HOME/.cache/tenun/$name
fi

# Name and SHA-256 of the decompressed bytes of each file.
files='train-images-idx3-ubyte c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
train-labels-idx1-ubyte bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
t10k-images-idx3-ubyte 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
t10k-labels-idx1-ubyte 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34'

say() {
    printf '%s\n' "$*" >&2
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Whether folder $1 has all four files, as they are or compressed, with a hyphen or a dot before idx.
has_all() {
    for file in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
        dotted=${file%-idx*}.idx${file##*-idx}
        [ -f "$1/$file-ubyte" ] || [ -f "$1/$file-ubyte.gz" ] ||
            [ -f "$1/$dotted-ubyte" ] || [ -f "$1/$dotted-ubyte.gz" ] || return 1
    done
}

found() {
    say "data: $1"
    printf '%s\n' "$1"
    exit 0
}

find_it() {
    if [ -n "${TENUN_DATA:-}" ]; then
        if has_all "$TENUN_DATA/$name"; then found "$TENUN_DATA/$name"; fi
        if has_all "$TENUN_DATA"; then found "$TENUN_DATA"; fi
        say "TENUN_DATA=$TENUN_DATA has no $name; looking elsewhere"
    fi
    if [ -n "$cache" ] && has_all "$cache"; then found "$cache"; fi
    if has_all "$system"; then found "$system"; fi
}

# Installs the package if that needs no password; says nothing of success, the caller looks for the files.
install_package() {
    have apt-get || return 1
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        have sudo && sudo -n true 2>/dev/null || return 1
        as_root='sudo -n'
    fi
    say "installing the package $package"
    # A fresh machine may have no package lists yet: they are fetched only if the package is not known without.
    for update in no yes; do
        if [ "$update" = yes ]; then
            $as_root apt-get -q update >&2 || return 1
        fi
        if $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -q install -y --no-install-recommends "$package" >&2; then
            return 0
        fi
    done
    return 1
}

sha256() {
    if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# Downloads address $1 to file $2.
get() {
    if have curl; then
        curl --fail --location --silent --show-error --connect-timeout 30 --retry 2 --output "$2" "$1"
    elif have wget; then
        wget --quiet --timeout=30 --tries=2 --output-document="$2" "$1"
    else
        say "neither curl nor wget is installed"
        return 1
    fi
}

# Downloads the files into the cache; each gets its name only when its content is right.
download() {
    [ -n "$cache" ] || { say "no cache folder: HOME and XDG_CACHE_HOME are not set"; return 1; }
    have gzip || { say "gzip is not installed"; return 1; }
    have sha256sum || have shasum || { say "neither sha256sum nor shasum is installed"; return 1; }
    mkdir -p "$cache" || return 1
    part=$cache/.part.$$
    trap 'rm -f "$part"' EXIT
    trap 'exit 130' INT TERM
    while read -r file expected; do
        if [ -f "$cache/$file.gz" ] || [ -f "$cache/$file" ]; then
            continue
        fi
        say "downloading $address/$file.gz"
        get "$address/$file.gz" "$part" || return 1
        got=$(gzip -dc <"$part" 2>/dev/null | sha256)
        if [ "$got" != "$expected" ]; then
            say "$address/$file.gz: expected SHA-256 $expected decompressed, got $got"
            return 1
        fi
        mv "$part" "$cache/$file.gz" || return 1
    done <<EOF
$files
EOF
}

find_it
if install_package; then find_it; fi
if download; then find_it; fi

say "error: Fashion-MNIST was not found and could not be fetched"
say "hint: install the Debian package $package, or put these files (plain or .gz) into a folder and set TENUN_DATA to it:"
printf '%s\n' "$files" | cut -d ' ' -f 1 >&2
exit 1
