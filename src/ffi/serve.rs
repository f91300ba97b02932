//! The server of the page, the API and the metrics.

use super::abi_types::{changeover_engine, changeover_server};
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::live::find;
use super::output::Output;
use super::result::Outcome;
use super::site::changeover_serve_options;
use super::strings::text;
use super::text::OwnText;
use super::versioned::{init, read_or_initial};
use std::ffi::c_char;
use std::sync::Arc;

static SERVERS: Handles<Served> = Handles::new(Kind::Server);

/// A server and where it is.
struct Served {
    address: OwnText,
    #[cfg(feature = "serve")]
    _server: crate::serve::Server,
}

/// Prepares options: nobody may change things, the usual limits.
///
/// Pass sizeof(changeover_serve_options). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_serve_options_init(
    options: *mut changeover_serve_options,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(options, struct_size) })
}

/// Serves the page, the API, the metrics and /healthz of an engine over HTTP/1.1, on threads of its own, at
/// an address such as "127.0.0.1:9180"; port 0 is one that is free. `server` receives a handle that the
/// caller owns and ends with changeover_server_free. `options` may be NULL.
///
/// Where the address is not a loopback address, a token is needed, for reading too. The server keeps no
/// engine alive: when that is freed, requests are answered by 503.
///
/// Any thread; waits for the monitor.
/// Errors: ADDRESS (no IP address with a port, or the system refuses it), NEEDS_TOKEN, TOKEN, SYSTEM, VALUE (a
/// number is out of its range);
/// UNSUPPORTED in a library that was built without the feature `serve`. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_serve(
    engine: *mut changeover_engine,
    address: *const c_char,
    address_len: usize,
    options: *const changeover_serve_options,
    server: *mut *mut changeover_server,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let engine = find(engine)?;
        let address = text(address, address_len)?;
        let options = read_or_initial(options)?;
        let server = Output::required(server)?;
        let served = start(engine.shared(), address, &options)?;
        server.write(pointer(SERVERS.insert(Arc::new(served))?));
        Ok(())
    })
}

/// # Safety
/// The strings in `options` are as the caller promises.
#[cfg(feature = "serve")]
unsafe fn start(
    engine: &Arc<crate::engine::Engine>,
    address: &str,
    options: &changeover_serve_options,
) -> Outcome<Served> {
    use super::result::{Code, CHANGEOVER_ERR_VALUE};
    use super::site::number_out_of_range;
    let max = usize::try_from(options.max_connections);
    let serving = crate::serve::ServeOptions {
        // SAFETY: by this function's contract.
        site: unsafe { options.site() }?,
        max_connections: max.map_err(|_| Code(CHANGEOVER_ERR_VALUE))?,
        patience: std::time::Duration::from_nanos(options.patience),
    };
    let server = crate::serve::serve(engine, address, serving).map_err(number_out_of_range)?;
    let address = OwnText::new(&server.address().to_string());
    Ok(Served { address, _server: server })
}

/// # Safety
/// As above.
#[cfg(not(feature = "serve"))]
unsafe fn start(
    _: &Arc<crate::engine::Engine>,
    _: &str,
    _: &changeover_serve_options,
) -> Outcome<Served> {
    Err(crate::vocabulary::Error::Unsupported.into())
}

/// Where a server listens, with the port that it has got: `address` receives a string that is borrowed until
/// changeover_server_free, `address_len` (may be NULL) its length.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_server_address(
    server: *const changeover_server,
    address: *mut *const c_char,
    address_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let server = SERVERS.find(server.addr() as u64)?;
        server.address.write(Output::required(address)?, Output::optional(address_len));
        Ok(())
    })
}

/// Ends a server: its connections are closed and its threads have ended when this returns; those that wait for
/// a monitor that hangs are left behind after two seconds. Before the engine is freed, or after. NULL, or a
/// handle that is not live: nothing happens.
///
/// Owner only; waits at most for a few seconds, never for callbacks. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_server_free(server: *mut changeover_server) {
    // A handle that is not live has nothing to be freed.
    guard_or((), || drop(SERVERS.take(server.addr() as u64)));
}
