//! An S3 server inside the test's own process, which keeps objects as files; for the relay's own tests too.

use std::path::Path;
use std::thread;

use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;

/// The only bucket.
pub(crate) const BUCKET: &str = "county";

/// Starts a server whose objects lie in the folder [`BUCKET`] of `root`, gone with the process. Returns the environment
/// that a client of it needs.
pub(crate) fn start(root: &Path) -> Vec<(String, String)> {
    std::fs::create_dir_all(root.join(BUCKET)).unwrap();
    let mut service = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
    service.set_auth(SimpleAuth::from_single("who", "secret"));
    let service = HandleError::new(service.build(), async |_| StatusCode::INTERNAL_SERVER_ERROR);
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let router = Router::new().fallback_service(service);
            axum::serve(listener, router).await.unwrap();
        });
    });
    let address = told.recv().unwrap();
    [
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_ALLOW_HTTP", "true".into()),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ACCESS_KEY_ID", "who".into()),
        ("AWS_SECRET_ACCESS_KEY", "secret".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
