# shellcheck shell=bash
# The services as containers (compose/services.yaml), in a project of this checkout's own and on
# free ports. Sourced.

compose_can_run() {
  # The client alone is not enough: `docker info` asks the engine.
  docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

compose() {
  ORDERLOG_POSTGRES_PORT=$(recorded postgres port) ORDERLOG_KAFKA_PORT=$(recorded kafka port) \
    ORDERLOG_STRIPE_PORT=$(recorded stripe port) COMPOSE_PROFILES=tests \
    ORDERLOG_SMTP_PORT=$(recorded mail port) ORDERLOG_MAIL_API_PORT=$(recorded mail api_port) \
    docker compose --project-name "orderlog-$(cksum <<<"$root" | cut -d ' ' -f 1)" \
    --file "$root/compose/services.yaml" "$@" >&2 9>&-
}

compose_start() {
  compose_can_run || fail "$1 was to run under Docker Compose, but no engine answers (docker info) or it has no Compose"
  if [ -z "$(recorded "$1" port)" ]; then
    free_port >"$state/$1/port"
    [ "$1" != mail ] || free_port >"$state/mail/api_port"
  fi
  # Does nothing, and complains, where it is not paused.
  compose unpause "$1" 2>/dev/null || true
  compose up --detach --wait "$1"
  compose_address "$1" >"$state/$1/address"
  [ "$1" != mail ] || echo "http://127.0.0.1:$(recorded mail api_port)" >"$state/mail/api"
}

# As compose/services.yaml says it.
compose_address() {
  case "$1" in
    postgres) echo "postgres://orderlog:orderlog@127.0.0.1:$(recorded postgres port)/orderlog" ;;
    kafka) echo "127.0.0.1:$(recorded kafka port)" ;;
    stripe) echo "http://127.0.0.1:$(recorded stripe port)" ;;
    mail) echo "smtp://127.0.0.1:$(recorded mail port)" ;;
  esac
}

compose_restart() {
  if [ "$2" = hard ]; then
    compose kill "$1"
    compose up --detach --wait "$1"
  else
    compose restart "$1"
  fi
}

compose_pause() { compose pause "$1"; }
compose_resume() { compose unpause "$1"; }
compose_remove() { compose down --volumes; }
