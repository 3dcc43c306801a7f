#!/usr/bin/env bash
# Installs, upgrades, removes and purges the Debian package on this machine without changing it: in namespaces of its own,
# where /usr, /etc and /var are layers over the real ones that vanish at the end. Needs root, and a clone that is built.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.."

has() { command -v "$1" >/dev/null; }
fail() {
  echo "the package: expected $1" >&2
  exit 1
}

if [[ ${1-} != inside ]]; then
  for program in dpkg-deb unshare adduser setpriv ip; do
    has "$program" || { echo "the package was not tried: $program missing"; exit 0; }
  done
  [[ $EUID -eq 0 ]] || { echo 'the package was not tried: this needs root'; exit 0; }
  grep -qw overlay /proc/filesystems || modprobe -q overlay || { echo 'the package was not tried: no overlay file system'; exit 0; }
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  old=$(node build/scripts/package-debian.js --folder "$work" --version 0.0.1-1 --compression none)
  new=$(node build/scripts/package-debian.js --folder "$work" --compression none)
  # The processes of a namespace end with it.
  unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$0" inside "$work" "$old" "$new"
  exit
fi

work=$2 old=$3 new=$4
mkdir "$work/layers" "$work/real"
mount -t tmpfs layers "$work/layers"
for folder in usr etc var; do
  mkdir "$work/real/$folder"
  mount --bind "/$folder" "$work/real/$folder"
  mkdir -p "$work/layers/$folder/upper" "$work/layers/$folder/work"
  mount -t overlay "$folder" "/$folder" \
    -o "lowerdir=$work/real/$folder,upperdir=$work/layers/$folder/upper,workdir=$work/layers/$folder/work"
done
# Also without systemd's: no service is started.
mount -t tmpfs run /run
ip link set lo up
# Or each installation reads all manual pages of this machine.
rm -f /var/lib/man-db/auto-update

force=()
if ! dpkg --compare-versions "$(dpkg-query --showformat='${Version}' --show nodejs 2>/dev/null || echo 0)" ge 20.19; then
  # Node is here, but from elsewhere.
  force=(--force-depends)
  [[ -x /usr/bin/node ]] || ln -s "$(command -v node)" /usr/bin/node
fi
install() { dpkg "${force[@]}" --install "$1" >"$work/dpkg.out" 2>&1 || { cat "$work/dpkg.out" >&2; fail "dpkg to install $1"; }; }
erase() { dpkg "--$1" ssp-toolkit >"$work/dpkg.out" 2>&1 || { cat "$work/dpkg.out" >&2; fail "dpkg to $1"; }; }
version() { dpkg-query --showformat='${Version}' --show ssp-toolkit; }
has_user() { getent passwd sspd >/dev/null; }
as_user() { setpriv --reuid=sspd --regid=sspd --clear-groups -- "$@"; }

if has_user; then userdel sspd; fi
cp /etc/passwd /etc/group "$work"

install "$old"
has_user || fail 'a user sspd'
[[ $(version) == 0.0.1~1 ]] || fail "version 0.0.1~1, got $(version)"
[[ -z $(dpkg --verify ssp-toolkit) ]] || fail 'the files that were packed'
[[ -e /etc/systemd/system/multi-user.target.wants/sspd.service ]] || fail 'the service to be enabled'
# As the unit makes it.
mkdir -m 0755 /run/sspd
chown sspd: /run/sspd
as_user sspd -c /etc/sspd/sspd.conf --check >/dev/null || fail 'a configuration that the user sspd may read'
/usr/bin/node --eval 'require("/usr/lib/ssp-toolkit/node_modules/koffi").load("libc.so.6")' || fail 'koffi to load a library'
bash -c 'source /usr/share/bash-completion/completions/ssp && complete -p ssp' >/dev/null || fail 'completion of ssp in bash'
if [[ -e /usr/share/man/man1/ssp.1.gz ]] && has man; then man --where ssp sspd >/dev/null || fail 'man to find its pages'; fi
if has logrotate; then logrotate --debug /etc/logrotate.d/sspd >/dev/null 2>&1 || fail 'logrotate to take its file'; fi
if has systemd-analyze; then
  said=$(systemd-analyze verify --man=no /usr/lib/systemd/system/sspd.service 2>&1 | grep sspd || true)
  [[ -z $said ]] || fail "a sound unit, got: $said"
  systemd-analyze security --offline=yes --threshold=20 --no-pager /usr/lib/systemd/system/sspd.service >"$work/exposure" 2>&1 \
    || { cat "$work/exposure" >&2; fail 'an exposure of 2.0 at most'; }
  grep 'Overall exposure' "$work/exposure"
fi

# The daemon as the unit starts it, on a loopback interface that nobody else has.
(cd /run/sspd && exec setpriv --reuid=sspd --regid=sspd --clear-groups sspd -c /etc/sspd/sspd.conf) >"$work/sspd.out" 2>&1 &
daemon=$!
for _ in {1..300}; do [[ -S /run/sspd/monitor ]] && break || sleep 0.1; done
ssp status --monitor /run/sspd/monitor >/dev/null || { cat "$work/sspd.out" >&2; fail 'a daemon that answers'; }
ssp ping --count 5 >/dev/null || fail 'a daemon that orders messages'
kill "$daemon"
wait "$daemon" || fail 'the daemon to end with status 0'

echo '# ours' >>/etc/sspd/sspd.conf
uid=$(id --user sspd)
install "$new"
[[ $(version) != 0.0.1~1 ]] || fail 'the newer version'
[[ $(tail --lines 1 /etc/sspd/sspd.conf) == '# ours' ]] || fail 'the configuration as it was changed'
[[ $(id --user sspd) == "$uid" ]] || fail 'the same user'

erase remove
[[ ! -e /usr/lib/ssp-toolkit && ! -e /usr/bin/sspd ]] || fail 'no programs after the removal'
[[ -e /etc/sspd/sspd.conf ]] && has_user || fail 'configuration and user after the removal'

mkdir -p /var/log/sspd
echo line >/var/log/sspd/sspd.log
erase purge
for folder in etc usr var; do
  (cd "$work/layers/$folder/upper" && find . -mindepth 1 -printf "$folder/%P\n")
done | while read -r path; do
  case $path in
    var/lib/dpkg/* | var/log/* | var/cache/* | etc/passwd- | etc/group- | etc/shadow- | etc/gshadow- | etc/sub?id* | etc/.pwd.lock) [[ $path != var/log/sspd* ]] || echo "$path" ;;
    *) [[ -e $work/real/$path || -L $work/real/$path || $path == usr/bin/node ]] || echo "$path" ;;
  esac
done >"$work/left"
[[ ! -s $work/left ]] || fail "nothing to be left, got: $(tr '\n' ' ' <"$work/left")"
for file in passwd group; do cmp -s "/etc/$file" "$work/$file" || fail "/etc/$file as it was"; done

# What an administrator has made stays: the user, or a file for which the user is needed.
useradd --system --no-create-home sspd
install "$new"
erase purge
has_user || fail 'a user that was here before'
userdel sspd
install "$new"
echo secret >/etc/sspd/key
erase purge
[[ -e /etc/sspd/key && ! -e /etc/sspd/sspd.conf ]] && has_user || fail 'a file of the administrator, and its user'
echo 'the package was installed, upgraded, removed and purged'
