//! MX records and the addresses behind them, in parallel.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | names asked at one time | 16 | the others wait |
//! | time for one attempt | 2 s | asked once more, then no answer |
//! | time for all | 20 s | what is missing then has no answer |

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    lookup::Lookup,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{RData, RecordType},
    },
};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use crate::{
    doctor::facts::{Dns, HostRecord, Mx},
    engine::address::Domain,
};

/// Names that are asked at one time.
const PARALLEL: usize = 16;

/// For one attempt.
const ATTEMPT: Duration = Duration::from_secs(2);

/// For all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks about domains: the system's servers (`/etc/resolv.conf`), or another one.
pub fn ask(server: Option<SocketAddr>, domains: &[Domain]) -> Dns {
    let name = server.map_or_else(
        || "/etc/resolv.conf".to_owned(),
        |server| server.to_string(),
    );
    let mut dns = Dns {
        server: name,
        ..Dns::default()
    };
    if domains.is_empty() {
        return dns;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let asked = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            // Within the runtime: the resolver starts tasks.
            runtime.block_on(async {
                let resolver = resolver(server).map_err(|error| error.to_string())?;
                lookups(resolver, domains, &mut dns).await;
                Ok(())
            })
        });
    if let Err(reason) = asked {
        let failed = |domain: &Domain| (domain.clone(), Mx::Failed(reason.clone()));
        dns.domains = domains.iter().map(failed).collect();
    }
    dns
}

fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, NetError> {
    let mut builder = match server {
        None => TokioResolver::builder_tokio()?,
        Some(server) => {
            let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            connections
                .iter_mut()
                .for_each(|connection| connection.port = server.port());
            let server = NameServerConfig::new(server.ip(), true, connections.into());
            let config = ResolverConfig::from_name_servers(vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.timeout = ATTEMPT;
    options.attempts = 1;
    // What strangers see counts, not this machine's own file.
    options.use_hosts_file = ResolveHosts::Never;
    builder.build()
}

async fn lookups(resolver: TokioResolver, domains: &[Domain], dns: &mut Dns) {
    let deadline = Instant::now() + PATIENCE;
    let names: BTreeSet<String> = domains
        .iter()
        .map(|domain| domain.as_str().to_owned())
        .collect();
    let asker = resolver.clone();
    let answers = each(names, deadline, move |name| {
        let resolver = asker.clone();
        async move { mx(&resolver, &name).await }
    });
    let answers = answers.await;
    let mut hosts = BTreeSet::new();
    for domain in domains {
        let mx = answers.get(domain.as_str()).cloned();
        let mx = mx.unwrap_or_else(|| Mx::Failed(too_late()));
        match &mx {
            Mx::Targets(targets) => hosts.extend(targets.iter().cloned()),
            Mx::None => hosts.extend([domain.as_str().to_owned()]),
            Mx::NoDomain | Mx::Failed(_) => {}
        }
        dns.domains.insert(domain.clone(), mx);
    }
    // The target of a null MX.
    hosts.remove("");
    let mut answers = each(hosts.clone(), deadline, move |name| {
        let resolver = resolver.clone();
        async move { host(&resolver, &name).await }
    })
    .await;
    dns.hosts.extend(hosts.into_iter().map(|name| {
        let host = answers
            .remove(&name)
            .unwrap_or_else(|| HostRecord::Failed(too_late()));
        (name, host)
    }));
}

fn too_late() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}

/// Asks about each name; those that have no answer in time are missing.
async fn each<T, F>(
    names: BTreeSet<String>,
    deadline: Instant,
    ask: impl Fn(String) -> F,
) -> BTreeMap<String, T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(PARALLEL));
    let mut tasks = JoinSet::new();
    for name in names {
        let (places, asked) = (Arc::clone(&places), ask(name.clone()));
        tasks.spawn(async move {
            // Never closed.
            let _place = places.acquire_owned().await;
            (name, asked.await)
        });
    }
    let mut answers = BTreeMap::new();
    while let Ok(Some(done)) = tokio::time::timeout_at(deadline, tasks.join_next()).await {
        answers.extend(done.ok());
    }
    answers
}

/// What a lookup that found nothing says.
enum Nothing {
    NoRecords,
    NoDomain,
    Failed(String),
}

async fn lookup(resolver: &TokioResolver, name: &str, kind: RecordType) -> Result<Lookup, Nothing> {
    // The final dot keeps search domains out.
    let found = resolver.lookup(format!("{name}."), kind).await;
    found.map_err(|error| match &error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NoError => Nothing::NoRecords,
            ResponseCode::NXDomain => Nothing::NoDomain,
            code => Nothing::Failed(format!("the server answers {code}")),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => {
            Nothing::Failed(format!("the server answers {code}"))
        }
        NetError::Io(inner) if inner.kind() == io::ErrorKind::TimedOut => {
            Nothing::Failed("no answer in time".to_owned())
        }
        error => Nothing::Failed(error.to_string()),
    })
}

fn plain(name: &hickory_resolver::proto::rr::Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.trim_end_matches('.').to_owned()
}

async fn mx(resolver: &TokioResolver, domain: &str) -> Mx {
    let found = match lookup(resolver, domain, RecordType::MX).await {
        Ok(found) => found,
        Err(Nothing::NoRecords) => return Mx::None,
        Err(Nothing::NoDomain) => return Mx::NoDomain,
        Err(Nothing::Failed(reason)) => return Mx::Failed(reason),
    };
    let mut targets: Vec<_> = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, plain(&mx.exchange))),
            _ => None,
        })
        .collect();
    targets.sort();
    if targets.is_empty() {
        return Mx::None;
    }
    Mx::Targets(targets.into_iter().map(|(_, target)| target).collect())
}

async fn host(resolver: &TokioResolver, name: &str) -> HostRecord {
    if let Ok(found) = lookup(resolver, name, RecordType::CNAME).await {
        let alias = found
            .answers()
            .iter()
            .find_map(|record| match &record.data {
                RData::CNAME(alias) => Some(plain(&alias.0)),
                _ => None,
            });
        if let Some(alias) = alias {
            return HostRecord::Alias(alias);
        }
    }
    let mut failed = None;
    for kind in [RecordType::A, RecordType::AAAA] {
        match lookup(resolver, name, kind).await {
            Ok(found) if !found.answers().is_empty() => return HostRecord::Addresses,
            Err(Nothing::Failed(reason)) => failed = Some(reason),
            Ok(_) | Err(Nothing::NoRecords | Nothing::NoDomain) => {}
        }
    }
    failed.map_or(HostRecord::NoAddress, HostRecord::Failed)
}
