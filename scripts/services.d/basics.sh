# shellcheck shell=bash
# What every part of scripts/services stands on: words to the user, the lock, the address and the
# backend of a service, what is missing on the machine. Sourced; `root` and `state` are set.

every_service="postgres kafka stripe mail"

say() { echo "services: $*" >&2; }

fail() {
  say "$@"
  exit 1
}

usage() {
  sed -n '2,/^set /s/^# \{0,1\}//p' "$root/scripts/services" >&2
  exit 2
}

# Runs a function while no other call in this checkout changes anything. Servers must not inherit the
# lock (descriptor 9), or it would be held for as long as they live.
locked() {
  mkdir -p "$root/target"
  exec 9>"$root/target/services.lock"
  flock --wait 300 9 || fail "another scripts/services has been at work for five minutes"
  "$@"
}

# A service's address is what the environment says, else what was written down when it was started.
variable() {
  case "$1" in
    postgres) echo ORDERLOG_TEST_DATABASE ;;
    kafka) echo ORDERLOG_TEST_KAFKA ;;
    stripe) echo ORDERLOG_TEST_STRIPE ;;
    mail) echo ORDERLOG_TEST_SMTP ;;
  esac
}

given() {
  local name
  name=$(variable "$1")
  echo "${!name:-}"
}

recorded() { cat "$state/$1/$2" 2>/dev/null || true; }

address() {
  local given
  given=$(given "$1")
  echo "${given:-$(recorded "$1" address)}"
}

# What `up` printed comes back in the environment, so a given address may well be that of our own.
ours() {
  local given
  given=$(given "$1")
  [ -z "$given" ] || [ "$given" = "$(recorded "$1" address)" ]
}

only_ours() {
  ours "$1" || fail "$(variable "$1") names a $1 that was not started here; it is left alone"
  [ -n "$(recorded "$1" backend)" ] || fail "$1 is not started: scripts/services up"
}

fail_of_given() {
  answers "$1" || true # says why
  fail "$(variable "$1") is set, but $1 does not answer at $(given "$1"): start it there, or unset $(variable "$1") and one is started for you"
}

choose_backend() {
  case "${ORDERLOG_SERVICES:-}" in
    compose | native) echo "$ORDERLOG_SERVICES" ;;
    '') if compose_can_run; then echo compose; else echo native; fi ;;
    *) fail "ORDERLOG_SERVICES is compose or native, not '$ORDERLOG_SERVICES'" ;;
  esac
}

# backend SERVICE VERB [ARGUMENT]
backend() {
  local service=$1 verb=$2
  shift 2
  case "$(recorded "$service" backend)" in
    compose) "compose_$verb" "$service" "$@" ;;
    native) "${service}_$verb" "$@" ;;
    *) fail "$state/$service says of no backend that it runs $service: remove that folder" ;;
  esac
}

# install WHAT PACKAGE SERVICE: brings what is missing, or says how to get it.
install() {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing $1 (apt-get install $2)"
    DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >&2
    return
  fi
  say "$1 is missing, and only root can install it. One of these mends it:"
  say "  - install it (Debian, Ubuntu): sudo apt-get install $2"
  say "  - start a Docker engine with Compose: $3 then runs as a container"
  fail "  - set $(variable "$3") to the address of a $3 that runs elsewhere"
}

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do
    port_open 127.0.0.1 "$port" 2>/dev/null || break
  done
  echo "$port"
}

# wait_until SECONDS COMPLAINT COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1)) complaint=$2
  shift 2
  until "$@" 2>/dev/null; do
    ((SECONDS < deadline)) || fail "$complaint"
    sleep 0.1
  done
}
