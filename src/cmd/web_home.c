#include "web_home.h"

#include "service.h"

static int series_now(void *ctx, struct buf *to, struct error *err)
{
    return api_series_now(ctx, to, err);
}

/* Dashboards of users lie in the data directory, beside what is stored. */
int web_home_open(struct settings *settings, struct api *api, struct web **ret, struct error *err)
{
    struct buf kept;

    buf_init(&kept, 0);
    buf_printf(&kept, "%s/dashboards", service_data_dir(settings));
    char *dir = buf_take(&kept);
    struct web_options options = {
        .dashboard_dir = *settings->dashboards ? settings->dashboards : NULL,
        .kept_dir = dir,
        .read_only = settings->dashboards_read_only,
        .series_now = series_now,
        .ctx = api,
    };
    int code = dir ? web_open(&options, ret, err) : error_errno(err, -ENOMEM, "dashboards");
    free(dir);
    return code;
}
