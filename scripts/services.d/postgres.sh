# shellcheck shell=bash
# PostgreSQL of the machine in a cluster of its own: a free port, fsync on, no password, reachable from
# this machine only. Run by root, the server belongs to the user postgres, for it refuses root. Sourced.

postgres_start() {
  postgres_program initdb >/dev/null || install PostgreSQL postgresql postgres
  [ -n "$(recorded postgres address)" ] || postgres_create
  postgres_control start || {
    as_server tail -n 20 "$(recorded postgres folder)/log" >&2
    fail "PostgreSQL does not start; scripts/services down removes it, up makes a new one"
  }
}

postgres_create() {
  local folder port
  folder=$(postgres_folder)
  port=$(free_port)
  echo "$folder" >"$state/postgres/folder"
  as_server "$(postgres_program initdb)" --pgdata "$folder/data" --username postgres --auth trust \
    --encoding UTF8 --no-locale >/dev/null
  as_server tee -a "$folder/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
max_connections = 500
fsync = on
CONF
  echo "postgres://postgres@127.0.0.1:$port/postgres" >"$state/postgres/address"
}

# A new empty folder that the server's user owns: beside our state, or, where that user cannot reach it
# (a checkout in root's home), under /var/tmp. Not /tmp, which may lie in memory, where fsync is free.
postgres_folder() {
  local folder=$state/postgres/server
  rm -rf "$folder"
  mkdir "$folder"
  if [ "$(id -u)" -eq 0 ]; then
    if ! as_server test -x "$folder"; then
      rmdir "$folder"
      folder=$(mktemp -d /var/tmp/orderlog-postgres.XXXXXX)
    fi
    chown postgres "$folder"
  fi
  chmod 700 "$folder"
  echo "$folder"
}

postgres_restart() {
  postgres_control restart -m "$([ "$1" = hard ] && echo immediate || echo fast)"
}

postgres_remove() {
  local folder
  folder=$(recorded postgres folder)
  [ -n "$folder" ] || return 0
  # Fails where the server has died already.
  postgres_control stop -m immediate 2>/dev/null || true
  rm -rf "$folder"
}

# postgres_control VERB [FLAG...]: waits until it is done.
postgres_control() {
  local folder verb=$1
  folder=$(recorded postgres folder)
  shift
  as_server "$(postgres_program pg_ctl)" "$verb" --silent --wait --timeout 60 \
    --pgdata "$folder/data" --log "$folder/log" "$@" >&2 9>&-
}

# The newest one that Debian has installed, else the one on the path.
postgres_program() {
  local found
  found=$(compgen -G "/usr/lib/postgresql/*/bin/$1" | sort -V | tail -n 1) || true
  [ -n "$found" ] || found=$(command -v "$1") || return 1
  echo "$found"
}

as_server() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}
