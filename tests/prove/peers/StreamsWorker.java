// The job in Kafka Streams: exactly_once_v2, static membership, otherwise as it comes.

import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

public final class StreamsWorker {
  private static final String STORE = "sums";
  private static final Pattern FIELDS = Pattern.compile("\"id\": (\\d+).*\"x\": (\\d+)");

  static final class Running implements FixedKeyProcessor<String, String, String> {
    private FixedKeyProcessorContext<String, String> context;
    private KeyValueStore<String, String> sums;

    @Override
    public void init(FixedKeyProcessorContext<String, String> given) {
      context = given;
      sums = given.getStateStore(STORE);
    }

    @Override
    public void process(FixedKeyRecord<String, String> record) {
      Matcher fields = FIELDS.matcher(record.value());
      if (!fields.find()) {
        throw new IllegalArgumentException(record.value());
      }
      String[] before = sums.get(record.key()) == null ? null : sums.get(record.key()).split(" ");
      long count = before == null ? 1 : Long.parseLong(before[0]) + 1;
      long sum = (before == null ? 0 : Long.parseLong(before[1])) + Long.parseLong(fields.group(2));
      sums.put(record.key(), count + " " + sum);
      context.forward(
          record.withValue(
              String.format(
                  "{\"id\": %s, \"key\": \"%s\", \"count\": %d, \"sum\": %d}",
                  fields.group(1), record.key(), count, sum)));
    }
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[3]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, arguments[3] + "-0");
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);

    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(
        Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.String()));
    builder.<String, String>stream(arguments[1]).processValues(Running::new, STORE).to(arguments[2]);

    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setUncaughtExceptionHandler(error -> StreamThreadExceptionResponse.REPLACE_THREAD);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }
}
