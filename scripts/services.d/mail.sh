# shellcheck shell=bash
# GreenMail, a real SMTP server with mailboxes in memory, and an interface to look into them, on the
# machine's Java. Every address has a mailbox from its first mail on. Sourced.

mail_pom=$root/scripts/services.d/mail/pom.xml

mail_start() {
  mail_fetch
  if [ -z "$(recorded mail address)" ]; then
    echo "smtp://127.0.0.1:$(free_port)" >"$state/mail/address"
    echo "http://127.0.0.1:$(free_port)" >"$state/mail/api"
  fi
  mail_launch
}

# Where the mailboxes can be looked into.
mail_api() { echo "${ORDERLOG_TEST_MAIL_API:-$(recorded mail api)}"; }

# The jar is kept by `down`, under a name that changes with the version in the pom.
mail_libs() { echo "$root/target/mail-$(cksum <"$mail_pom" | cut -d ' ' -f 1)"; }

mail_fetch() {
  local libs
  libs=$(mail_libs)
  java_fits || install 'Java 17 or newer' default-jre-headless mail
  [ ! -d "$libs" ] || return 0
  command -v mvn >/dev/null || install Maven maven mail
  say "fetching GreenMail with Maven (once)"
  rm -rf "$libs.fresh"
  mvn --batch-mode --quiet -Dstyle.color=never --file "$mail_pom" dependency:copy-dependencies \
    -DoutputDirectory="$libs.fresh" >&2 ||
    fail "Maven could not fetch GreenMail (above): it needs a repository that has Maven Central's artifacts, or set ORDERLOG_TEST_SMTP and ORDERLOG_TEST_MAIL_API to a GreenMail that runs elsewhere"
  mv "$libs.fresh" "$libs"
}

mail_launch() {
  local home=$state/mail smtp api
  smtp=$(recorded mail address)
  api=$(recorded mail api)
  mail_runs || {
    setsid java -Xmx128m -Dorderlog.home="$home" -Dgreenmail.auth.disabled \
      -Dgreenmail.smtp.hostname=127.0.0.1 -Dgreenmail.smtp.port="${smtp##*:}" \
      -Dgreenmail.api.hostname=127.0.0.1 -Dgreenmail.api.port="${api##*:}" \
      -cp "$(mail_libs)/*" com.icegreen.greenmail.standalone.GreenMailStandaloneRunner \
      >"$home/log" 2>&1 </dev/null 9>&- &
    echo $! >"$home/pid"
  }
}

mail_remove() {
  mail_runs || return 0
  kill "$(recorded mail pid)"
}

# The process written down, where it is still that server and not another that was given its number.
mail_runs() {
  local pid
  pid=$(recorded mail pid)
  [ -n "$pid" ] && ps -o args= -p "$pid" | grep -qF -- "-Dorderlog.home=$state/mail"
}
