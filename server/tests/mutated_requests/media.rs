//! `/media/v1` and the parts of snapshots: tus with wrong offsets, lengths, hashes, checksums, ranges and names.

use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest as _;
use xunge_protocol::Hash32;
use xunge_protocol::media::authorize;
use xunge_protocol::snapshot::SNAPSHOT_PATH;

use crate::common::Phone;
use crate::noise::Noise;
use crate::town::{Asked, MEDIA, Town};

/// A file that is on its way, as its sender sees it.
#[derive(Default)]
pub(crate) struct Sender {
    file: Vec<u8>,
    /// Where the relay said that it stands.
    offset: usize,
    path: String,
    is_program: bool,
}

impl Sender {
    /// What the relay said about the file.
    pub(crate) fn hear(&mut self, town: &mut Town, status: StatusCode, headers: &HeaderMap) {
        // Given up, dropped because its hash was wrong, or somebody else's by now.
        if matches!(status.as_u16(), 401 | 403 | 404 | 410 | 460) && !self.file.is_empty() {
            self.path.clear();
        }
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        if let Some(at) = text("upload-offset").and_then(|t| t.parse().ok()) {
            self.offset = at;
        }
        if let Some(path) = text("location") {
            self.path = path.into();
        }
        if !self.file.is_empty() && self.offset >= self.file.len() {
            town.known.files.push(Hash32::of(&self.file));
            self.file.clear();
        }
    }

    fn begin(&mut self, noise: &mut Noise) {
        let length = match noise.one_in(30) {
            true => 70_000,
            false => 1 + noise.below(3_000),
        };
        self.file = noise.bytes(length);
        self.file.push(0);
        if noise.one_in(2) {
            self.file.splice(0..0, *b"\0\0\0\x20ftypM4A ");
        }
        self.offset = 0;
        self.path.clear();
        self.is_program = noise.one_in(3);
    }

    pub(crate) fn ask(&mut self, phone: &Phone, town: &Town, noise: &mut Noise) -> Asked {
        if noise.one_in(5) {
            return part(phone, town, noise);
        }
        if noise.one_in(6) && !town.known.files.is_empty() {
            return self.read(phone, town, noise);
        }
        let mut asked = if self.file.is_empty() || self.path.is_empty() {
            self.begin(noise);
            self.create(noise)
        } else {
            self.go_on(noise)
        };
        let hash = Hash32::of(&self.file);
        let credentials = match self.is_program {
            true => format!("Bearer {MEDIA}"),
            false => signed(phone, &asked.method, &asked.path, hash, noise),
        };
        asked = asked
            .with("tus-resumable", "1.0.0")
            .with("authorization", credentials);
        odd(asked, noise)
    }

    fn create(&mut self, noise: &mut Noise) -> Asked {
        let hash = STANDARD.encode(Hash32::of(&self.file).to_string());
        let mut asked = Asked::post("begin", "/media/v1", Vec::new())
            .with("upload-length", self.file.len().to_string())
            .with("upload-metadata", format!("filename dm9pY2U=,hash {hash}"));
        if noise.one_in(3) {
            asked.body = self.file[..noise.below(self.file.len() + 1)].to_vec();
            asked = asked.with("content-type", "application/offset+octet-stream");
        }
        asked
    }

    fn go_on(&mut self, noise: &mut Noise) -> Asked {
        let path = self.path.clone();
        match noise.below(8) {
            0 => Asked {
                method: Method::HEAD,
                ..Asked::get("ask where it stands", path)
            },
            1 if noise.one_in(4) => Asked {
                method: Method::DELETE,
                ..Asked::get("give up", path)
            },
            2 => Asked::get("read before it is whole", path),
            _ => {
                let at = self.offset.min(self.file.len());
                let end = match noise.one_in(2) {
                    true => self.file.len(),
                    false => at + noise.below(self.file.len() - at + 1),
                };
                let body = self.file[at..end].to_vec();
                let sum = match noise.below(4) {
                    0 => Some(("sha1", sha1::Sha1::digest(&body).to_vec())),
                    1 => Some(("sha256", Hash32::of(&body).0.to_vec())),
                    _ => None,
                };
                let mut asked = Asked {
                    method: Method::PATCH,
                    ..Asked::post("send", path, body)
                }
                .with("upload-offset", at.to_string())
                .with("content-type", "application/offset+octet-stream");
                if let Some((name, sum)) = sum {
                    let value = format!("{name} {}", STANDARD.encode(sum));
                    asked = asked.with("upload-checksum", value);
                }
                asked
            }
        }
    }

    fn read(&self, phone: &Phone, town: &Town, noise: &mut Noise) -> Asked {
        let hash = *noise.pick(&town.known.files);
        let path = format!("/media/v1/{hash}");
        let signed = signed(phone, &Method::GET, &path, hash, noise);
        let asked = Asked::get("read", path)
            .with("tus-resumable", "1.0.0")
            .with("authorization", signed);
        odd(ranged(asked, noise), noise)
    }
}

/// A part of a snapshot, whole or a range.
fn part(phone: &Phone, town: &Town, noise: &mut Noise) -> Asked {
    let hash = match town.known.parts.is_empty() || noise.one_in(6) {
        true => Hash32(noise.array()),
        false => *noise.pick(&town.known.parts),
    };
    let path = format!("{SNAPSHOT_PATH}/{hash}");
    let signed = signed(phone, &Method::GET, &path, hash, noise);
    let asked = Asked::get("part of a snapshot", path).with("authorization", signed);
    odd(ranged(asked, noise), noise)
}

fn ranged(asked: Asked, noise: &mut Noise) -> Asked {
    let range = match noise.below(6) {
        0 => format!("bytes={}-", noise.number()),
        1 => format!("bytes={}-{}", noise.number(), noise.number()),
        2 => format!("bytes=-{}", noise.number()),
        3 => "bytes=0-9".into(),
        4 => noise.text("bytes=0-9,20-30"),
        _ => return asked,
    };
    asked.with("range", range)
}

fn signed(phone: &Phone, method: &Method, path: &str, hash: Hash32, noise: &mut Noise) -> String {
    let counter = noise.number();
    authorize(
        &phone.key,
        phone.writer,
        method.as_str(),
        path,
        counter,
        &hash,
    )
}

/// Half of them stay as they are; in the others one thing is wrong.
fn odd(mut asked: Asked, noise: &mut Noise) -> Asked {
    if noise.one_in(2) {
        return asked;
    }
    match noise.below(7) {
        0 => {
            asked.how = "odd body";
            asked.body = noise.harmed(&asked.body);
        }
        1 => {
            asked.how = "cut body";
            asked.cut = Some(noise.below(asked.body.len() + 1));
        }
        2 => {
            asked.how = "odd name";
            asked.path = format!("/media/v1/{}", hex::encode(noise.bytes(40)));
        }
        _ => {
            let n = noise.below(asked.headers.len());
            asked.how = "odd header";
            let (_, value) = &mut asked.headers[n];
            let text = String::from_utf8_lossy(value).into_owned();
            *value = match noise.below(4) {
                0 => Vec::new(),
                1 => noise.number().to_string().into_bytes(),
                2 => noise.harmed(value),
                _ => noise.text(&text).into_bytes(),
            };
            if noise.one_in(5) {
                asked.headers.remove(n);
            }
        }
    }
    asked
}
