/* feed_test.c - what becomes of scraped text: rows, stale markers, labels, limits. */
#include "scrape/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COLUMNS_MAX 64

/* A store that remembers its columns and the last rows. */
struct fake {
    struct sink sink;
    char *names[COLUMNS_MAX];
    size_t columns, max_columns;
    unsigned asked; /* calls of column() */
    struct {
        int64_t ts_ms;
        double values[COLUMNS_MAX];
    } rows[8]; /* since the last look */
    size_t row_len;
    int append_code;
    unsigned ended; /* groups */
};

static int fake_group(void *self, struct str name, struct group **ret, struct error *err)
{
    (void)err;
    assert_true(str_is(name, "job;host"));
    *ret = self;
    return 0;
}

static int fake_column(void *self, struct group *g, struct labels labels, uint32_t *ret,
                       struct error *err)
{
    struct fake *f = self;
    struct buf text;

    (void)g;
    f->asked++;
    buf_init(&text, 0);
    labels_print(labels, &text);
    for (size_t i = 0; i < f->columns; i++) {
        if (str_is(buf_str(&text), f->names[i])) {
            buf_fini(&text);
            *ret = (uint32_t)i;
            return 0;
        }
    }
    if (f->columns == f->max_columns) {
        buf_fini(&text);
        return error_set(err, -ENFILE, "too many series");
    }
    *ret = (uint32_t)f->columns;
    f->names[f->columns++] = buf_take(&text);
    return 0;
}

static int fake_append(void *self, struct group *g, int64_t ts_ms, const double *values, size_t n,
                       struct error *err)
{
    struct fake *f = self;

    (void)g;
    (void)err;
    if (f->append_code)
        return f->append_code;
    if (ts_ms < 0)
        return -ERANGE;
    assert_true(n <= f->columns);
    f->rows[f->row_len].ts_ms = ts_ms;
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        f->rows[f->row_len].values[i] = i < n ? values[i] : value_absent();
    f->row_len++;
    return 0;
}

/* Columns are those of the present group. */
static void fake_end(void *self, struct group *g)
{
    struct fake *f = self;

    assert_ptr_equal(g, f);
    for (size_t i = 0; i < f->columns; i++)
        free(f->names[i]);
    f->columns = 0;
    f->ended++;
}

static void fake_init(struct fake *f)
{
    *f = (struct fake){.max_columns = COLUMNS_MAX};
    f->sink = (struct sink){f, fake_group, fake_column, fake_append, fake_end};
}

static void fake_fini(struct fake *f)
{
    for (size_t i = 0; i < f->columns; i++)
        free(f->names[i]);
}

/* The rows since the last look: "@ts a{x="y"} 1; b stale\n", the scrape's own series left out but
 * for `up` (printed as "up=1"). */
static void assert_rows(struct fake *f, const char *wanted)
{
    struct buf out;

    buf_init(&out, 0);
    for (size_t r = 0; r < f->row_len; r++) {
        buf_printf(&out, "@%" PRId64, f->rows[r].ts_ms);
        for (size_t i = 0; i < f->columns; i++) {
            double value = f->rows[r].values[i];
            if (value_is_absent(value) || strncmp(f->names[i], "scrape_", 7) == 0)
                continue;
            struct str name = str_of(f->names[i]);
            if (str_starts(name, STR("up{")))
                name = STR("up");
            buf_printf(&out, " %.*s=", STR_ARG(name));
            if (value_is_stale(value))
                buf_text(&out, "stale");
            else
                buf_double(&out, value);
        }
        buf_char(&out, '\n');
    }
    f->row_len = 0;
    if (!str_is(buf_str(&out), wanted))
        fail_msg("got\n%.*s\nwanted\n%s", STR_ARG(buf_str(&out)), wanted);
    buf_fini(&out);
}

static double report_of(const struct fake *f, const char *name)
{
    for (size_t i = 0; i < f->columns; i++)
        if (str_starts(str_of(f->names[i]), str_of(name)))
            return f->rows[f->row_len - 1].values[i];
    fail();
    return 0;
}

static const struct label target_items[] = {{STR("instance"), STR("host")},
                                            {STR("job"), STR("job")}};
static const struct feed_settings plain = {
    .labels = {target_items, 2}, .honor_labels = true, .honor_timestamps = true};

static struct feed *open_feed(struct fake *f, const struct feed_settings *settings)
{
    fake_init(f);
    struct feed *feed = feed_new(f->sink, NULL, STR("job;host"));
    feed_configure(feed, settings, true);
    return feed;
}

static void scrape(struct feed *feed, const char *text, int64_t ts_ms)
{
    struct feed_result result;
    struct error err = {0};

    if (feed_scrape(feed, str_of(text), false, ts_ms, 0.25, &result, &err))
        fail_msg("%s", err.text);
}

#define L "{instance=\"host\",job=\"job\"}"

static void lines_become_a_row_with_the_scrapes_own_series(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);

    (void)state;
    scrape(feed, "# TYPE a gauge\na 1\nb 2\n", 1000);
    assert_true(report_of(&f, "scrape_duration_seconds") == 0.25);
    assert_true(report_of(&f, "scrape_samples_scraped") == 2);
    assert_true(report_of(&f, "scrape_samples_post_metric_relabeling") == 2);
    assert_true(report_of(&f, "scrape_series_added") == 2);
    assert_rows(&f, "@1000 up=1 a" L "=1 b" L "=2\n");
    unsigned asked = f.asked;
    scrape(feed, "# TYPE a gauge\na 3\nb 4.5\n", 2000);
    assert_int_equal(f.asked, asked); /* recognised without a look at the labels */
    assert_true(report_of(&f, "scrape_series_added") == 0);
    assert_rows(&f, "@2000 up=1 a" L "=3 b" L "=4.5\n");
    feed_free(feed);
    fake_fini(&f);
}

static void series_that_vanish_are_marked_once(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);

    (void)state;
    scrape(feed, "a 1\nb 2\nc 3\n", 1);
    f.row_len = 0;
    scrape(feed, "a 1\nc 3\n", 2);
    assert_rows(&f, "@2 up=1 a" L "=1 b" L "=stale c" L "=3\n");
    scrape(feed, "a 1\nc 3\n", 3);
    assert_rows(&f, "@3 up=1 a" L "=1 c" L "=3\n");
    scrape(feed, "a 1\nb 2\nc 3\n", 4);
    assert_true(report_of(&f, "scrape_series_added") == 1);
    assert_rows(&f, "@4 up=1 a" L "=1 b" L "=2 c" L "=3\n");
    scrape(feed, "", 5);
    assert_rows(&f, "@5 up=1 a" L "=stale b" L "=stale c" L "=stale\n");
    feed_free(feed);
    fake_fini(&f);
}

static void a_target_that_fails_and_returns(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);

    (void)state;
    assert_int_equal(feed_failed(feed, 1, 0.1, 0, NULL), 0);
    assert_rows(&f, "@1 up=0\n");
    scrape(feed, "a 1\n", 2);
    f.row_len = 0;
    assert_int_equal(feed_failed(feed, 3, 0.1, 0, NULL), 0);
    assert_rows(&f, "@3 up=0 a" L "=stale\n");
    assert_int_equal(feed_failed(feed, 4, 0.1, 0, NULL), 0);
    assert_rows(&f, "@4 up=0\n");
    unsigned asked = f.asked;
    scrape(feed, "a 5\n", 5);
    assert_int_equal(f.asked, asked);
    assert_true(report_of(&f, "scrape_series_added") == 1);
    assert_rows(&f, "@5 up=1 a" L "=5\n");
    feed_free(feed);
    fake_fini(&f);
}

static void the_group_of_a_target_that_is_gone_ends_after_its_markers(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);
    unsigned stale = 0;

    (void)state;
    assert_int_equal(feed_end(feed, 1, NULL), 0); /* never scraped: there is nothing to end */
    assert_int_equal(f.ended, 0);
    scrape(feed, "a 1\n", 2);
    f.row_len = 0;
    assert_int_equal(feed_end(feed, 3, NULL), 0);
    assert_int_equal(f.row_len, 1);
    assert_int_equal(f.rows[0].ts_ms, 3);
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        stale += value_is_stale(f.rows[0].values[i]);
    assert_int_equal(stale, 6);
    assert_int_equal(f.ended, 1);
    f.row_len = 0;
    scrape(feed, "a 5\n", 4); /* begins anew, should it be wanted again */
    assert_true(report_of(&f, "scrape_series_added") == 1);
    assert_rows(&f, "@4 up=1 a" L "=5\n");
    f.append_code = -ENOSPC;
    assert_int_equal(feed_end(feed, 5, NULL), -ENOSPC);
    assert_int_equal(f.ended, 2);
    feed_free(feed);
    fake_fini(&f);
}

static void a_stale_marker_that_was_not_kept_is_told_again(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);
    struct feed_result result;

    (void)state;
    scrape(feed, "a 1\nb 2\n", 1);
    f.append_code = -ENOSPC;
    assert_int_equal(feed_scrape(feed, STR("a 1\n"), false, 2, 0, &result, NULL), -ENOSPC);
    f.append_code = 0;
    f.row_len = 0;
    scrape(feed, "a 1\n", 3);
    assert_rows(&f, "@3 up=1 a" L "=1 b" L "=stale\n");
    feed_free(feed);
    fake_fini(&f);
}

/* Whatever changes in the text, the row is what a fresh reading would give, and only series never
 * seen before have their labels parsed. */
static void changed_texts_are_followed_without_starting_over(void **state)
{
    static const struct {
        const char *text;
        unsigned asked;
        const char *row;
    } steps[] = {
        {"a 1\nb 2\nc 3\nd 4\n", 9, "a=1 b=2 c=3 d=4"},
        {"a 1\nx 9\nb 2\nc 3\nd 4\n", 1, "a=1 b=2 c=3 d=4 x=9"},    /* inserted */
        {"a 1\nb 2\nc 3\nd 4\n", 0, "a=1 b=2 c=3 d=4 x=stale"},     /* removed */
        {"d 4\na 1\nb 2\nc 3\n", 0, "a=1 b=2 c=3 d=4"},             /* moved */
        {"c 3\nb 2\na 1\nd 4\n", 0, "a=1 b=2 c=3 d=4"},             /* turned */
        {"# HELP c x\nc 3\nb 2\na 1\nd 4\n", 0, "a=1 b=2 c=3 d=4"}, /* a comment more */
        {"# HELP c y\nc 3\n\nb 2\na 1\nd 5", 0, "a=1 b=2 c=3 d=5"}, /* another, no last newline */
        {"d 4\n", 0, "a=stale b=stale c=stale d=4"},                /* nearly all gone */
        {"a 1\nb 2\nc 3\nd 4\n", 3, "a=1 b=2 c=3 d=4"},             /* and back: asked again */
        {"a 1\nb 2\nc 3\nd 4\n# a last word\n", 0, "a=1 b=2 c=3 d=4"},
        {"a 1\nb 2\nc 3\nd 4\ne 5\n", 1, "a=1 b=2 c=3 d=4 e=5"},
    };
    struct feed_settings none = {.honor_timestamps = true};
    struct fake f;
    struct feed *feed = open_feed(&f, &none);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char wanted[200];
        unsigned asked = f.asked;
        scrape(feed, steps[i].text, (int64_t)i);
        assert_int_equal(f.asked - asked, steps[i].asked);
        snprintf(wanted, sizeof(wanted), "@%zu up=1 %s\n", i, steps[i].row);
        assert_rows(&f, wanted);
    }
    feed_free(feed);
    fake_fini(&f);
}

static void of_a_series_given_twice_the_first_stands(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);
    struct feed_result result;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(feed_scrape(feed,
                                     STR("a 1\na 2\nb{x=\"1\",y=\"2\"} 3\nb{y=\"2\",x=\"1\"} 4\n"),
                                     false, i, 0, &result, NULL),
                         0);
        assert_int_equal(result.duplicates, 2);
        assert_int_equal(result.samples, 4);
        assert_int_equal(result.kept, 2);
        f.row_len = 0;
    }
    scrape(feed, "b{y=\"2\",x=\"1\"} 4\na 2\n", 9);
    assert_rows(&f, "@9 up=1 a" L "=2 b{instance=\"host\",job=\"job\",x=\"1\",y=\"2\"}=4\n");
    feed_free(feed);
    fake_fini(&f);
}

static void labels_of_exporter_and_target_meet_as_configured(void **state)
{
    static const struct {
        bool honor;
        const char *line, *wanted;
    } cases[] = {
        {true, "a 1", "a{instance=\"host\",job=\"job\"}=1"},
        {true, "a{instance=\"mine\"} 1", "a{instance=\"mine\",job=\"job\"}=1"},
        {true, "a{instance=\"\"} 1", "a{job=\"job\"}=1"},
        {true, "a{x_instance=\"\"} 1", "a{instance=\"host\",job=\"job\"}=1"},
        {false, "a 1", "a{instance=\"host\",job=\"job\"}=1"},
        {false, "a{instance=\"mine\"} 1",
         "a{exported_instance=\"mine\",instance=\"host\",job=\"job\"}=1"},
        {false, "a{exported_job=\"x\",job=\"y\"} 1",
         "a{exported_exported_job=\"y\",exported_job=\"x\",instance=\"host\",job=\"job\"}=1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct feed_settings settings = plain;
        settings.honor_labels = cases[i].honor;
        struct fake f;
        struct feed *feed = open_feed(&f, &settings);
        char wanted[200];
        scrape(feed, cases[i].line, 1);
        snprintf(wanted, sizeof(wanted), "@1 up=1 %s\n", cases[i].wanted);
        assert_rows(&f, wanted);
        feed_free(feed);
        fake_fini(&f);
    }
}

static void own_timestamps_are_honoured_or_not(void **state)
{
    struct feed_settings settings = plain;
    struct fake f;
    struct feed *feed = open_feed(&f, &settings);
    struct feed_result result;

    (void)state;
    for (int i = 0; i < 2; i++) {
        scrape(feed, "a 1\nb 2 500\nc 3 400\nb 4 400\nb 5 400\n", 1000);
        assert_rows(&f, "@400 b" L "=4 c" L "=3\n@500 b" L "=2\n@1000 up=1 a" L "=1\n");
    }
    /* A series that no longer brings its own, and the other way round. */
    scrape(feed, "a 1 900\nb 2\n", 2000);
    assert_rows(&f, "@900 a" L "=1\n@2000 up=1 a" L "=stale b" L "=2\n");
    /* Too old for the store, and too far ahead. */
    assert_int_equal(
        feed_scrape(feed, STR("a 1 -5\nb 2 99999999\n"), false, 3000, 0, &result, NULL), 0);
    assert_int_equal(result.lines_refused, 2);
    assert_rows(&f, "@3000 up=1 b" L "=stale\n");
    settings.honor_timestamps = false;
    feed_configure(feed, &settings, true);
    scrape(feed, "a 1 900\nb 2\n", 4000);
    assert_rows(&f, "@4000 up=1 a" L "=1 b" L "=2\n");
    feed_free(feed);
    fake_fini(&f);
}

static void series_with_timestamps_of_their_own_end_when_they_are_tracked(void **state)
{
    struct feed_settings settings = plain;
    struct fake f;

    (void)state;
    settings.track_timestamps = true;
    struct feed *feed = open_feed(&f, &settings);
    scrape(feed, "a 1 500\nb 2 500\n", 1000);
    assert_rows(&f, "@500 a" L "=1 b" L "=2\n@1000 up=1\n");
    scrape(feed, "b 3 1500\n", 2000);
    assert_rows(&f, "@1500 b" L "=3\n@2000 up=1 a" L "=stale\n");
    assert_int_equal(feed_failed(feed, 3000, 0, 0, NULL), 0);
    assert_rows(&f, "@3000 up=0 b" L "=stale\n");
    scrape(feed, "c 1 3500\n", 4000);
    assert_rows(&f, "@3500 c" L "=1\n@4000 up=1\n");
    assert_int_equal(feed_end(feed, 5000, NULL), 0);
    feed_free(feed);
    fake_fini(&f);
}

static void more_is_told_of_a_scrape_on_request(void **state)
{
    struct feed_settings settings = plain;
    struct fake f;

    (void)state;
    settings.extra = true;
    settings.timeout_s = 2.5;
    settings.sample_limit = 7;
    struct feed *feed = open_feed(&f, &settings);
    scrape(feed, "a 1\n", 1000);
    assert_true(report_of(&f, "scrape_timeout_seconds") == 2.5);
    assert_true(report_of(&f, "scrape_sample_limit") == 7);
    assert_true(report_of(&f, "scrape_body_size_bytes") == 4);
    f.row_len = 0;
    assert_int_equal(feed_failed(feed, 2000, 0, -1, NULL), 0);
    assert_true(report_of(&f, "scrape_body_size_bytes") == -1);
    f.row_len = 0;
    feed_free(feed);
    fake_fini(&f);
}

static void lines_that_cannot_be_read_cost_only_themselves(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);
    struct feed_result result;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(feed_scrape(feed, STR("a 1\nwhat is this\nb{x=\"1\",x=\"2\"} 1\nc 2\n"),
                                     false, i, 0, &result, NULL),
                         0);
        assert_int_equal(result.lines_refused, 2);
        assert_int_equal(i == 0, strstr(result.first_refused, "line 2") != NULL);
    }
    f.row_len = 0;
    assert_int_equal(
        feed_scrape(feed, STR("<html>\n<body>\n"), false, 9, 0, &result, &(struct error){0}),
        -EBADMSG);
    assert_rows(&f, "@9 up=0 a" L "=stale c" L "=stale\n");
    feed_free(feed);
    fake_fini(&f);
}

static void limits_fail_the_whole_scrape(void **state)
{
    struct feed_settings limits[] = {plain, plain, plain, plain};
    struct feed_result result;
    struct error err;

    (void)state;
    limits[0].sample_limit = 2;
    limits[1].label_limit = 4; /* __name__, instance, job and one more */
    limits[2].label_name_length_limit = 8;
    limits[3].label_value_length_limit = 5;
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct fake f;
        struct feed *feed = open_feed(&f, &limits[i]);
        scrape(feed, "a 1\nb{x=\"1\"} 2\n", 1);
        f.row_len = 0;
        assert_int_equal(
            feed_scrape(feed, STR("a 1\nb{x=\"1\"} 2\nc{longer_name=\"longer\",y=\"2\"} 3\n"),
                        false, 2, 0, &result, &err),
            -E2BIG);
        assert_non_null(strstr(err.text, "limit"));
        assert_rows(&f, "@2 up=0 a" L "=stale b{instance=\"host\",job=\"job\",x=\"1\"}=stale\n");
        feed_free(feed);
        fake_fini(&f);
    }
}

static void series_the_store_refuses_are_tried_again_later(void **state)
{
    struct fake f;
    struct feed *feed = open_feed(&f, &plain);
    struct feed_result result;

    (void)state;
    f.max_columns = 6; /* five of the scrape's own */
    for (int i = 0; i < 40; i++) {
        assert_int_equal(feed_scrape(feed, STR("a 1\nb 2\n"), false, i, 0, &result, NULL), 0);
        assert_int_equal(result.lines_refused, 1);
        f.row_len = 0;
    }
    f.max_columns = 7;
    for (int i = 40; i < 62; i++) {
        f.row_len = 0;
        scrape(feed, "a 1\nb 2\n", i);
    }
    assert_rows(&f, "@61 up=1 a" L "=1 b" L "=2\n");
    feed_free(feed);
    fake_fini(&f);
}

static void relabelling_drops_and_renames(void **state)
{
    struct relabel_rule rules[2] = {
        {.action = RELABEL_DROP, .sources = (struct str[]){STR(LABEL_NAME)}, .source_len = 1},
        {.action = RELABEL_LABELDROP},
    };
    struct relabel relabel = {rules, 2};
    struct feed_settings settings = plain;
    struct feed_result result;
    struct fake f;

    (void)state;
    assert_int_equal(regex_new(STR("go_.*"), &rules[0].regex, NULL), 0);
    assert_int_equal(regex_new(STR("pid"), &rules[1].regex, NULL), 0);
    settings.relabel = &relabel;
    struct feed *feed = open_feed(&f, &settings);
    for (int i = 0; i < 2; i++) {
        f.row_len = 0;
        assert_int_equal(
            feed_scrape(feed, STR("go_x 1\na{pid=\"1\"} 2\ngo_y 3\n"), false, i, 0, &result, NULL),
            0);
        assert_int_equal(result.samples, 3);
        assert_int_equal(result.kept, 1);
    }
    assert_rows(&f, "@1 up=1 a" L "=2\n");
    feed_free(feed);
    fake_fini(&f);
    for (size_t i = 0; i < 2; i++)
        regex_free(rules[i].regex);
}

static void keep_help(void *ctx, const struct metadata_entry *entry)
{
    str_copy(ctx, 64, entry->help);
}

static void help_and_type_reach_the_registry(void **state)
{
    struct metadata *m = metadata_new();
    char help[64] = "";
    struct fake f;

    (void)state;
    fake_init(&f);
    struct feed *feed = feed_new(f.sink, m, STR("job;host"));
    feed_configure(feed, &plain, true);
    scrape(feed, "# HELP a one\\ntwo\n# TYPE a gauge\na 1\n", 1);
    metadata_visit(m, STR("a"), keep_help, help);
    assert_string_equal(help, "one\ntwo");
    scrape(feed, "# HELP a other\n# TYPE a gauge\na 1\n", 2);
    metadata_visit(m, STR("a"), keep_help, help);
    assert_string_equal(help, "other");
    feed_free(feed);
    fake_fini(&f);
    metadata_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_a_row_with_the_scrapes_own_series),
        cmocka_unit_test(series_that_vanish_are_marked_once),
        cmocka_unit_test(a_target_that_fails_and_returns),
        cmocka_unit_test(the_group_of_a_target_that_is_gone_ends_after_its_markers),
        cmocka_unit_test(a_stale_marker_that_was_not_kept_is_told_again),
        cmocka_unit_test(changed_texts_are_followed_without_starting_over),
        cmocka_unit_test(of_a_series_given_twice_the_first_stands),
        cmocka_unit_test(labels_of_exporter_and_target_meet_as_configured),
        cmocka_unit_test(own_timestamps_are_honoured_or_not),
        cmocka_unit_test(lines_that_cannot_be_read_cost_only_themselves),
        cmocka_unit_test(limits_fail_the_whole_scrape),
        cmocka_unit_test(series_the_store_refuses_are_tried_again_later),
        cmocka_unit_test(series_with_timestamps_of_their_own_end_when_they_are_tracked),
        cmocka_unit_test(more_is_told_of_a_scrape_on_request),
        cmocka_unit_test(relabelling_drops_and_renames),
        cmocka_unit_test(help_and_type_reach_the_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
