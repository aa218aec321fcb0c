//! Settings by code, TOML and environment, and what is said about mistakes.

use super::*;

#[test]
fn the_environment_sets_what_toml_sets() {
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1"),
        ("KAFKA_GROUP_PROTOCOL", "consumer"),
        ("KAFKA_REQUEST_TIMEOUT", "5s"),
        ("KAFKA_CLIENT_SECURITY_PROTOCOL", "SSL"),
        ("KAFKA_CONSUMER_FETCH_WAIT_MAX_MS", "7"),
        ("KAFKA_HOME", "/opt/kafka"),
        ("PATH", "/bin"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let text = "
        bootstrap_servers = 'a:1'
        group_protocol = 'consumer'
        request_timeout = '5s'
        client = { 'security.protocol' = 'SSL' }
        consumer = { 'fetch.wait.max.ms' = 7 }
    ";
    assert_eq!(KafkaConfig::from_variables(variables).unwrap(), KafkaConfig::from_toml(text).unwrap());
}

#[test]
fn settings_of_the_user_go_over_the_defaults() {
    let mut config = KafkaConfig::new("a:1");
    config.consumer.insert("fetch.wait.max.ms".into(), "7".into());
    config.client.insert("client.id".into(), "me".into());
    assert_eq!(config.for_reader().get("fetch.wait.max.ms"), Some("7"));
    assert_eq!(config.for_reader().get("client.id"), Some("me"));
    assert_eq!(config.for_producer(None).get("fetch.wait.max.ms"), None);
    let name = |config: &KafkaConfig| {
        let member = config.for_member("group", "app-1", Duration::from_secs(1));
        member.get("client.id").map(str::to_owned)
    };
    assert_eq!(name(&config).as_deref(), Some("me-app-1"));
    assert_eq!(name(&KafkaConfig::new("a:1")).as_deref(), Some("app-1"));
}

#[test]
fn producers_with_transactions_do_not_wait_for_ever_for_a_coordinator_that_is_gone() {
    let idle =
        |config: &KafkaConfig, id| config.for_producer(id).get("connections.max.idle.ms").map(str::to_owned);
    let mut config = KafkaConfig::new("a:1");
    assert_eq!(idle(&config, None), None);
    assert_eq!(idle(&config, Some("id")).as_deref(), Some("10000"));
    config.transaction_timeout = Duration::from_secs(3);
    assert_eq!(idle(&config, Some("id")).as_deref(), Some("3000"));
    config.client.insert("connections.max.idle.ms".into(), "0".into());
    assert_eq!(idle(&config, Some("id")).as_deref(), Some("0"));
}

#[test]
fn mistakes_are_named() {
    let error = |text: &str| KafkaConfig::from_toml(text).unwrap_err();
    for (text, named) in [
        ("", "bootstrap-servers"),
        ("bootstrap-server = 'a:1'", "bootstrap-server`"),
        ("bootstrap-servers = 'a:1'\nrequest-timeout = '5'", "request-timeout"),
        ("bootstrap-servers = 'a:1'\nconsumer = { 'group.id' = 'x' }", "the application's id"),
        ("bootstrap-servers = 'a:1'\nproducer = { partitioner = 'random' }", "producer.partitioner"),
    ] {
        let error = error(text);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(named), "{text}: {error}");
    }
}
