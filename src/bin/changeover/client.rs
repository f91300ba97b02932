//! Asking an engine over HTTP.

use crate::answer::Failure;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use ureq::Agent;

/// Whatever takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which engine is asked.
#[derive(clap::Args)]
pub(crate) struct Address {
    /// Where its host serves it: http://127.0.0.1:9180
    url: String,
    /// A file with the token, where one is needed
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

pub(crate) struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(address: &Address) -> Result<Client, Failure> {
        let url = address.url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") {
            return Err(Failure::Usage(format!("{url} does not begin with http://")));
        }
        let read = |path: &PathBuf| {
            let token = std::fs::read_to_string(path);
            let token = token.map(|token| token.trim().to_owned());
            token.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
        };
        let token = address.token_file.as_ref().map(read).transpose()?;
        let config = Agent::config_builder();
        // Refusals say why. Nothing is sent elsewhere, and a token least of all.
        let config = config.http_status_as_error(false).max_redirects(0).proxy(None);
        let agent = config.timeout_global(Some(PATIENCE)).build().new_agent();
        Ok(Client { agent, url, token })
    }

    /// The streams, those in most trouble first.
    pub(crate) fn streams(&self, search: &str, limit: usize) -> Result<Value, Failure> {
        let trouble = |error: ureq::Error| Failure::Trouble(format!("{}: {error}", self.url));
        let request = self.agent.get(format!("{}/api/streams", self.url));
        let mut request = request.query("limit", limit.to_string()).query("search", search);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().map_err(trouble)?;
        let text = response.body_mut().read_to_string().map_err(trouble)?;
        let json = serde_json::from_str::<Value>(&text).ok();
        let said = |json: Value| json["message"].as_str().map(str::to_owned);
        match response.status().as_u16() {
            200 => json.filter(|json| json["streams"].is_array()).ok_or_else(|| {
                Failure::Trouble(format!("{}: what answers there is no engine", self.url))
            }),
            401 => Err(Failure::Usage(match self.token {
                Some(_) => format!("{}: the token is not the right one", self.url),
                None => format!("{} needs a token: --token-file", self.url),
            })),
            status => {
                let why = json.and_then(said).unwrap_or_default();
                let why = changeover::printable(&why).to_string();
                Err(Failure::Trouble(format!("{}: status {status} {why}", self.url)))
            }
        }
    }
}
