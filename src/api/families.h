/* families.h - the handlers, a group per file; api.c lists them. `ctx` is the struct api. */
#ifndef ALGALON_API_FAMILIES_H
#define ALGALON_API_FAMILIES_H

#include "api/api.h"

/* query.c */
http_handler query_instant, query_range, query_format, query_parse, query_exemplars;

/* series.c */
http_handler series_labels, series_label_values, series_find, series_metadata;

/* federate.c */
http_handler federate;

/* status.c */
http_handler status_buildinfo, status_runtimeinfo, status_flags, status_walreplay, status_healthy,
    status_ready, status_reload, status_quit, status_health, status_config;

/* cardinality.c */
http_handler cardinality;

/* export.c */
http_handler export_lines, export_native;

/* write.c */
http_handler write_import, write_import_lines, write_import_native, write_import_csv;

/* remote_write.c */
http_handler remote_write;

/* admin.c */
http_handler admin_delete_series, admin_clean_tombstones;
http_handler admin_force_merge;
http_handler admin_snapshot, admin_snapshot_create, admin_snapshot_list, admin_snapshot_delete;

/* pass_on.c */
http_handler pass_on, pass_on_pieces;

/* target_metadata.c */
http_handler targets_metadata;

/* targets.c */
http_handler targets_pools, targets_relabel_steps, targets_discoveries;
http_handler targets_list, targets_alerts, targets_alertmanagers;

/* rules.c */
http_handler rules_list;

/* live.c */
http_handler live_metrics, live_snapshot, live_events, live_doctor, live_landing;

/* self.c */
http_handler self_metrics;

#endif
