# shellcheck shell=sh
# Installed as /usr/lib/havatar/versions.sh: what the package's scripts and havatar-rollback share. Sourced, never run.
#
# A version is proven when the daemon of it has stayed up for a while (check-upgrade). A proven version's programs and unit are kept as
# a copy in $kept/good, so that a later one that does not start is left for it: the copied unit, with the copied programs, goes to
# /etc/systemd/system, where systemd prefers it to the package's. What stays in $kept:
#   good/      programs, unit and version of the newest proven version
#   before/    the same of the proven version before that, for going back by hand
#   pending    the version that is being tried; absent once it is proven or given up
#   failed     the version that was given up; it is not tried again until another one is installed, or by havatar-rollback --undo

kept=${HAVATAR_VERSIONS:-/var/lib/havatar-versions}
programs=${HAVATAR_PROGRAMS:-/usr/lib/havatar}
package_unit=${HAVATAR_UNIT:-/usr/lib/systemd/system/havatard.service}
own_unit=${HAVATAR_OWN_UNIT:-/etc/systemd/system/havatard.service}
mark='# Written by havatar-rollback'

# Whether the unit in /etc is ours to remove: an owner's own is left alone.
is_rolled_back() { [ -f "$own_unit" ] && head -n 1 "$own_unit" | grep -qF "$mark"; }

# Keeps the installed programs as the good ones. Complete or not at all: a power cut leaves the copy of before (restore_good).
keep_good() { # version
  rm -rf "$kept/good.new"
  mkdir -p "$kept/good.new"
  cp -p "$programs/havatard" "$programs/mediamtx" "$kept/good.new/"
  cp -p "$package_unit" "$kept/good.new/havatard.service"
  printf '%s\n' "$1" >"$kept/good.new/version"
  sync -f "$kept"
  rm -rf "$kept/good.old"
  if [ -d "$kept/good" ]; then
    if [ "$(cat "$kept/good/version")" = "$1" ]; then
      mv "$kept/good" "$kept/good.old"
    else
      rm -rf "$kept/before"
      mv "$kept/good" "$kept/before"
    fi
  fi
  mv "$kept/good.new" "$kept/good"
  rm -rf "$kept/good.old"
  sync -f "$kept"
}

# Makes the version before the one to go back to.
prefer_before() {
  rm -rf "$kept/good.old"
  mv "$kept/good" "$kept/good.old"
  mv "$kept/before" "$kept/good"
  mv "$kept/good.old" "$kept/before"
  sync -f "$kept"
}

# Between two of these renames there is no good version. Whoever was cut off there has left the one before it.
restore_good() {
  for one in good.old before; do
    [ -d "$kept/good" ] || [ ! -d "$kept/$one" ] || mv "$kept/$one" "$kept/good" 2>/dev/null || true
  done
}
restore_good

# Leaves the installed version for the good one. The caller restarts the service (restart_service).
roll_back() { # version that is left
  [ -x "$kept/good/havatard" ] || return 1
  mkdir -p "$(dirname "$own_unit")"
  {
    printf '%s: version %s instead of %s. havatar-rollback --undo removes it.\n' "$mark" "$(cat "$kept/good/version")" "$1"
    sed "s|^ExecStart=/usr/bin/havatard|ExecStart=$kept/good/havatard|" "$kept/good/havatard.service"
  } >"$own_unit.new"
  sync -f "$own_unit.new"
  mv "$own_unit.new" "$own_unit"
  printf '%s\n' "$1" >"$kept/failed"
  rm -f "$kept/pending"
}

# Starts whichever version's unit is in force now.
restart_service() {
  systemctl daemon-reload
  systemctl reset-failed havatard.service 2>/dev/null || true
  systemctl restart havatard.service
}

# Back to the package's own unit.
undo_roll_back() {
  is_rolled_back && rm -f "$own_unit"
  rm -f "$kept/failed"
}
