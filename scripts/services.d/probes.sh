# shellcheck shell=bash
# Whether a service answers: a query to PostgreSQL, a metadata request to Kafka, a read from
# stripe-mock, a greeting from SMTP. Sourced.

answers() {
  local address
  address=$(address "$1")
  [ -n "$address" ] && "$1_answers" "$address"
}

# postgres_answers URL
postgres_answers() {
  local psql authority
  if psql=$(postgres_program psql); then
    PGCONNECT_TIMEOUT=3 "$psql" -XAtqc 'select 1' "$1" >/dev/null
    return
  fi
  # Without a client only the port can be tried; Compose has asked the server itself.
  authority=${1#*://}
  authority=${authority##*@}
  authority=${authority%%[/?]*}
  [[ $authority == *:* ]] || authority+=:5432
  port_open "${authority%:*}" "${authority##*:}"
}

# kafka_answers HOST:PORT[,...]: a Metadata request (version 4, no topics) is answered, and the answer
# names at least one broker: the node has joined its own cluster.
kafka_answers() {
  local first=${1%%,*} reply
  # shellcheck disable=SC2016 # the inner shell expands these
  reply=$(timeout 3 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    printf "\0\0\0\17\0\3\0\4\0\0\0\1\377\377\0\0\0\0\0" >&3
    head -c 16 <&3 | od -An -v -tx1 | tr -d " \n"' "${first%:*}" "${first##*:}") || return 1
  # Four bytes each: length, correlation id, throttle time, number of brokers.
  [[ $reply =~ ^.{8}00000001.{8}([0-9a-f]{8})$ ]] && [ "${BASH_REMATCH[1]}" != 00000000 ]
}

# stripe_answers URL: it is stripe-mock, and nobody else, that answers there.
stripe_answers() {
  local authority=${1#http://}
  authority=${authority%%/*}
  # shellcheck disable=SC2016 # the inner shell expands these
  timeout 3 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    printf "GET /v1/balance HTTP/1.0\r\nHost: $0\r\nAuthorization: Bearer sk_test_1\r\n\r\n" >&3
    cat <&3' "${authority%:*}" "${authority##*:}" | grep -qi '^stripe-mock-version:'
}

# mail_answers smtp://HOST:PORT: the server greets, and its mailboxes can be looked into.
mail_answers() {
  local smtp=${1#smtp://} api
  api=$(mail_api)
  api=${api#http://}
  # shellcheck disable=SC2016 # the inner shell expands these
  timeout 3 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    read -r greeting <&3 && [[ $greeting == 220* ]]' "${smtp%:*}" "${smtp##*:}" || return 1
  # shellcheck disable=SC2016 # the inner shell expands these
  timeout 3 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    printf "GET /api/service/readiness HTTP/1.0\r\nHost: $0\r\n\r\n" >&3
    head -n 1 <&3' "${api%:*}" "${api##*:}" | grep -q " 200 "
}

# port_open HOST PORT
port_open() {
  # shellcheck disable=SC2016 # the inner shell expands these
  timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"
}
