# shellcheck shell=bash
# Apache Kafka on the machine's Java: its jars from Maven, broker and controller in one process, topics
# made on request only. Sourced.

pom=$root/scripts/services.d/kafka/pom.xml

kafka_start() {
  kafka_fetch
  [ -n "$(recorded kafka address)" ] || kafka_create
  kafka_launch
}

# The jars are kept by `down`, under a name that changes with the versions in the pom.
kafka_libs() { echo "$root/target/kafka-$(cksum <"$pom" | cut -d ' ' -f 1)"; }

kafka_fetch() {
  local libs
  libs=$(kafka_libs)
  java_fits || install 'Java 17 or newer' default-jre-headless kafka
  java_fits || fail "Kafka needs Java 17 or newer, and this is $(java -version 2>&1 | head -n 1)"
  [ ! -d "$libs" ] || return 0
  command -v mvn >/dev/null || install Maven maven kafka
  say "fetching Kafka's jars with Maven (once)"
  rm -rf "$libs.fresh"
  mvn --batch-mode --quiet -Dstyle.color=never --file "$pom" dependency:copy-dependencies \
    -DoutputDirectory="$libs.fresh" >&2 ||
    fail "Maven could not fetch Kafka (above): it needs a repository that has Maven Central's artifacts, or set ORDERLOG_TEST_KAFKA to a broker that runs elsewhere"
  mv "$libs.fresh" "$libs"
}

java_fits() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 17 ]
}

kafka_create() {
  local home=$state/kafka port controller cluster
  port=$(free_port)
  controller=$(free_port)
  cluster=b3JkZXJsb2ctdGVzdHMtMQ # any 16 bytes, in base64
  rm -rf "$home/data"
  sed -e "s|@data@|$home/data|" -e "s|@port@|$port|" -e "s|@controller@|$controller|" \
    "$root/scripts/services.d/kafka/server.properties" >"$home/server.properties"
  java -Xmx256m -cp "$(kafka_libs)/*" kafka.tools.StorageTool format --standalone \
    --cluster-id "$cluster" --config "$home/server.properties" >"$home/log" 2>&1 || kafka_failed
  echo "127.0.0.1:$port" >"$home/address"
}

# Starts the broker where it does not run, wakes it where it is paused, and waits until it answers.
kafka_launch() {
  local home=$state/kafka
  if kafka_runs; then
    kafka_signal CONT
  else
    ulimit -n "$(ulimit -H -n)" # three files and a connection or two for each of many partitions
    setsid java -Xms256m -Xmx512m -Dlog4j2.level=WARN -cp "$(kafka_libs)/*" \
      kafka.Kafka "$home/server.properties" >>"$home/log" 2>&1 </dev/null 9>&- &
    echo $! >"$home/pid"
  fi
  wait_until 90 "Kafka does not answer; its log is $home/log" kafka_settled
  kafka_runs || kafka_failed
}

kafka_settled() { kafka_answers "$(recorded kafka address)" || ! kafka_runs; }

kafka_failed() {
  tail -n 20 "$state/kafka/log" >&2
  fail "Kafka does not start; scripts/services down removes it, up makes a new one"
}

kafka_restart() {
  kafka_stop "$([ "$1" = hard ] && echo KILL || echo TERM)"
  kafka_launch
}

kafka_pause() { kafka_signal STOP; }
kafka_resume() { kafka_signal CONT; }
kafka_remove() { kafka_stop KILL; }

kafka_stop() {
  kafka_runs || return 0
  kafka_signal CONT
  kafka_signal "$1"
  wait_until 60 'Kafka does not stop' kafka_is_gone
}

kafka_is_gone() { ! kafka_runs; }

# The process written down, where it is still that broker and not another that was given its number.
kafka_runs() {
  local pid
  pid=$(recorded kafka pid)
  [ -n "$pid" ] && ps -o args= -p "$pid" | grep -qF "$state/kafka/server.properties"
}

kafka_signal() { kill "-$1" "$(recorded kafka pid)"; }
