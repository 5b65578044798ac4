//! Which permission each route requires.

use std::collections::HashMap;

use http::Method;

/// What a request must have to use a route, from least to most. Roles become further variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Permission {
    /// Nothing: no route of this kind may show more than whether the robot works.
    Public,
    /// A session or a token.
    SignedIn,
}

/// The permissions of all routes, by path and method.
#[derive(Debug, Default)]
pub(super) struct Permissions(HashMap<String, Vec<(Method, Permission)>>);

impl Permissions {
    pub(super) fn require(&mut self, path: &str, method: Method, permission: Permission) {
        self.0.entry(path.to_owned()).or_default().push((method, permission));
    }

    /// The permission that a request requires. `route` is the path of the table that matched, if one did.
    pub(super) fn required(&self, route: Option<&str>, method: &Method, path: &str) -> Permission {
        let Some(route) = route else {
            // Outside the table are the panel's files, which hold no secret, and mistyped API addresses.
            let api = path == "/api" || path.starts_with("/api/");
            return if api { Permission::SignedIn } else { Permission::Public };
        };
        // axum answers HEAD by the handler of GET.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        // A method that the path does not have is refused later; until then the path's strictest permission applies, and
        // a path that is not in the table is never public.
        self.of(route, method)
            .or_else(|| self.methods(route).iter().map(|(_, permission)| *permission).max())
            .unwrap_or(Permission::SignedIn)
    }

    /// The permission of a row of the table.
    pub(super) fn of(&self, route: &str, method: &Method) -> Option<Permission> {
        self.methods(route).iter().find(|(known, _)| known == method).map(|(_, permission)| *permission)
    }

    fn methods(&self, route: &str) -> &[(Method, Permission)] {
        self.0.get(route).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_route_is_public_only_outside_the_api() {
        let mut permissions = Permissions::default();
        permissions.require("/healthz", Method::GET, Permission::Public);
        permissions.require("/mixed", Method::GET, Permission::Public);
        permissions.require("/mixed", Method::PUT, Permission::SignedIn);
        let required = |route: Option<&str>, method: Method, path: &str| {
            permissions.required(route, &method, path) == Permission::SignedIn
        };
        assert!(!required(None, Method::GET, "/"));
        assert!(!required(None, Method::GET, "/assets/x.js"));
        assert!(required(None, Method::GET, "/api"));
        assert!(required(None, Method::GET, "/api/v2/anything"));
        assert!(required(Some("/hls/{name}"), Method::GET, "/hls/x"));
        assert!(!required(Some("/healthz"), Method::GET, "/healthz"));
        assert!(!required(Some("/healthz"), Method::HEAD, "/healthz"));
        assert!(!required(Some("/healthz"), Method::POST, "/healthz"));
        assert!(!required(Some("/mixed"), Method::HEAD, "/mixed"));
        assert!(required(Some("/mixed"), Method::PUT, "/mixed"));
        assert!(required(Some("/mixed"), Method::POST, "/mixed"), "the strictest");
    }
}
