//! A county in a folder, commands about it, and a relay that runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ORG: &str = "code,name,level,parent\n\
    999999001,东镇,2,999999\n\
    999999001001,柳村,村,999999001\n\
    999999001001001,柳村一网格,grid,999999001001\n";
pub(crate) const HOUSEHOLDS: &str = "户编号,网格编码,门牌号,户主姓名,户分类,户标识,姓名,性别,出生日期,身份证号\n\
    h1,999999001001001,1号,王建国,A,01;HF20,王建国,男,1950-01-01,99999919500101000X\n\
    h1,999999001001001,1号,王建国,,,李秀英,女,1952/3/4,\n\
    h2,999999001001001,2号,赵桂兰,C,,,,,\n";

pub(crate) fn xunge(args: &[&str]) -> Output {
    xunge_in(&[], args)
}

fn xunge_in(environment: &[(String, String)], args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xunge"))
        .args(args)
        .stdin(Stdio::null())
        .env_remove("XUNGE_DATA")
        .env_remove("XUNGE_DATABASE")
        .envs(environment.iter().cloned())
        .output()
        .unwrap()
}

/// A county in a temporary folder.
pub(crate) struct County {
    pub(crate) dir: TempDir,
    pub(crate) admin: Value,
}

impl County {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let args = [
            "init",
            "--county",
            "999999",
            "--name",
            "测试县",
            "--json",
            "--data",
        ];
        let output = xunge(&[&args[..], &[data.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{output:?}");
        let admin = serde_json::from_slice(&output.stdout).unwrap();
        Self { dir, admin }
    }

    /// A county with one grid and two households.
    pub(crate) fn peopled() -> Self {
        let county = Self::new();
        let org = county.file("org.csv", ORG);
        county.json(&["admin", "org", "import", &org]);
        let households = county.file("households.csv", HOUSEHOLDS);
        county.json(&["admin", "households", "import", &households]);
        county
    }

    pub(crate) fn data(&self) -> String {
        self.dir.path().join("data").to_str().unwrap().to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        xunge(&[args, &["--data", &self.data()]].concat())
    }

    pub(crate) fn run_in(&self, environment: &[(String, String)], args: &[&str]) -> Output {
        xunge_in(environment, &[args, &["--data", &self.data()]].concat())
    }

    /// The JSON of a command that succeeds.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The one line of a command that fails with `code`.
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        one_line(&self.run(args), code)
    }

    pub(crate) fn serve(&self) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xunge"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", &self.data()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let address = first
            .trim_end()
            .strip_prefix("listening http://")
            .unwrap_or_else(|| panic!("first line: {first:?}"))
            .to_owned();
        Serving { child, address }
    }
}

pub(crate) fn one_line(output: &Output, code: i32) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty());
    said
}

/// A relay that runs, until it is dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Serving {
    /// Status and body of a GET.
    pub(crate) fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let token = token.map_or_else(String::new, |t| format!("Authorization: Bearer {t}\r\n"));
        let host = &self.address;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{token}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12])
            .unwrap()
            .parse()
            .unwrap();
        // A body in chunks is longer than these tests ask for.
        let body = serde_json::from_slice(&answer[end + 4..]).unwrap_or(Value::Null);
        (status, body)
    }

    pub(crate) fn stop(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
