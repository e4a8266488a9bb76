//! A DNS server on loopback that knows one small zone only.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::str::FromStr;
use std::thread;

use hickory_resolver::proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, MX};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// The data of a name.
#[derive(Clone)]
pub enum Data {
    /// An MX record: the target, empty for a null MX.
    Mx(&'static str),
    A,
    Aaaa,
    Alias(&'static str),
    /// The name exists without records.
    Empty,
    /// SERVFAIL.
    Broken,
    /// No answer at all.
    Silent,
}

/// The names and their data. No other name exists.
#[derive(Clone, Default)]
pub struct Zone(BTreeMap<String, Vec<Data>>);

impl Zone {
    pub fn set(&mut self, name: &str, data: &[Data]) {
        self.0.insert(name.to_owned(), data.to_vec());
    }

    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Serves it until the test program ends.
    pub fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port for DNS");
        let address = socket.local_addr().expect("its address");
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let Ok(request) = Message::from_vec(&buffer[..length]) else {
                    continue;
                };
                if let Some(answer) = self.answer(&request) {
                    let bytes = answer.to_vec().expect("a message");
                    let _ = socket.send_to(&bytes, from);
                }
            }
        });
        address
    }

    fn answer(&self, request: &Message) -> Option<Message> {
        let query = request.queries.first()?;
        let mut answer = Message::response(request.metadata.id, OpCode::Query);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        let code = self.fill(query, &query.name, &mut answer)?;
        answer.metadata.response_code = code;
        Some(answer)
    }

    /// Adds the records to an answer. Returns none if the server must not answer.
    fn fill(&self, query: &Query, name: &Name, answer: &mut Message) -> Option<ResponseCode> {
        let key = name.to_lowercase().to_ascii();
        let Some(data) = self.0.get(key.trim_end_matches('.')) else {
            return Some(ResponseCode::NXDomain);
        };
        for data in data {
            let record = |data| Record::from_rdata(name.clone(), 60, data);
            match (data, query.query_type) {
                (Data::Broken, _) => return Some(ResponseCode::ServFail),
                (Data::Silent, _) => return None,
                (Data::Alias(to), RecordType::CNAME) => {
                    answer.add_answer(record(RData::CNAME(CNAME(fqdn(to)))));
                }
                (Data::Alias(to), _) => {
                    answer.add_answer(record(RData::CNAME(CNAME(fqdn(to)))));
                    return self.fill(query, &fqdn(to), answer);
                }
                (Data::Mx(to), RecordType::MX) => {
                    answer.add_answer(record(RData::MX(MX::new(10, fqdn(to)))));
                }
                (Data::A, RecordType::A) => {
                    answer.add_answer(record(RData::A(A::new(192, 0, 2, 1))));
                }
                (Data::Aaaa, RecordType::AAAA) => {
                    let address = AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
                    answer.add_answer(record(RData::AAAA(address)));
                }
                _ => {}
            }
        }
        Some(ResponseCode::NoError)
    }
}

fn fqdn(name: &str) -> Name {
    Name::from_str(&format!("{name}.")).expect("a name")
}
