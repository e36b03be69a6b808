# shellcheck shell=bash
# stripe-mock, Stripe's own server for tests: it checks each request against Stripe's description of its
# API and answers with examples. Built once by Go, in memory when it runs. Sourced.

stripe_mock=github.com/stripe/stripe-mock@v0.197.0

stripe_start() {
  stripe_fetch
  [ -n "$(recorded stripe address)" ] || echo "http://127.0.0.1:$(free_port)" >"$state/stripe/address"
  stripe_launch
}

# The program is kept by `down`, under its version.
stripe_program() { echo "$root/target/stripe-mock-${stripe_mock##*@}/stripe-mock"; }

stripe_fetch() {
  local program go
  program=$(stripe_program)
  [ ! -x "$program" ] || return 0
  stripe_go >/dev/null || install Go golang-go stripe
  say "building stripe-mock with Go (once)"
  go=$(stripe_newer_go "$(stripe_go)") &&
    GOBIN=$(dirname "$program") "$go" install "$stripe_mock" >&2 9>&- ||
    fail "Go could not build stripe-mock (above): it needs a module proxy, or set ORDERLOG_TEST_STRIPE to the address of a stripe-mock that runs elsewhere"
}

# The one on the path, else where Go's own archive puts it.
stripe_go() { command -v go || command -v /usr/local/go/bin/go; }

# stripe-mock needs Go 1.22. From 1.21 on Go fetches a newer one by itself; for an older one, such as that
# of Debian 12, it is fetched here, from the module proxy as well.
stripe_newer_go() {
  local minor folder
  minor=$("$1" env GOVERSION | sed 's/^go1\.\([0-9]*\).*/\1/')
  if [ "$minor" -ge 21 ]; then
    echo "$1"
    return
  fi
  folder=$("$1" mod download -json "golang.org/toolchain@v0.0.1-go1.22.12.$("$1" env GOOS)-$("$1" env GOARCH)" 9>&- |
    sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -n "$folder" ] || return 1
  # Modules don't say what is a program.
  chmod -R u+x "$folder/bin" "$folder/pkg/tool"
  echo "$folder/bin/go"
}

stripe_launch() {
  local address
  address=$(recorded stripe address)
  stripe_runs || {
    # It would listen for HTTPS as well, at a fixed port of all addresses.
    setsid "$(stripe_program)" -strict-version-check -http-addr "${address#http://}" \
      -https-addr 127.0.0.1: >"$state/stripe/log" 2>&1 </dev/null 9>&- &
    echo $! >"$state/stripe/pid"
  }
}

stripe_remove() {
  stripe_runs || return 0
  kill "$(recorded stripe pid)"
}

# The process written down, where it is still that server and not another that was given its number.
stripe_runs() {
  local pid
  pid=$(recorded stripe pid)
  [ -n "$pid" ] && ps -o args= -p "$pid" | grep -qF "$(stripe_program)"
}
