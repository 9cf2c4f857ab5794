typedef int rc_registry_is_empty;
