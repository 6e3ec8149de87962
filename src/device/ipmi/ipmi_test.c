/* ipmi_test.c - a management controller that a test plays. */
#include "ipmi.h"
#include "ipmi_sdr.h"

#include "device/linux_edge_test.h"
#include "device/linux_recorded_test.h"

#include <linux/ipmi.h>
#include <sys/ioctl.h>

#define SENSORS 5

struct controller {
    unsigned char records[SENSORS][64];
    unsigned char values[SENSORS], flags[SENSORS];
    unsigned watts;
    bool no_dcmi, late;
    long msgid;
    unsigned char answer[64];
    size_t answer_len;
};

static void describe(unsigned char *r, unsigned id, const char *name, unsigned unit, int m,
                     unsigned exponents)
{
    size_t len = strlen(name);

    memset(r, 0, 64);
    r[0] = (unsigned char)id;
    r[2] = 0x51;
    r[3] = 0x01;
    r[4] = (unsigned char)(43 + len);
    r[7] = (unsigned char)(0x30 + id);
    r[21] = (unsigned char)unit;
    r[24] = (unsigned char)m;
    r[29] = (unsigned char)exponents;
    r[47] = (unsigned char)(0xc0 | len);
    memcpy(r + 48, name, len);
}

static void make(struct controller *c)
{
    static const struct {
        const char *name;
        unsigned unit;
        int m;
        unsigned exponents;
        unsigned char value;
    } sensors[SENSORS] = {{"Inlet Temp", 1, 1, 0, 23},
                          {"Exhaust Temp", 1, 1, 0, 41},
                          {"CPU1 Temp", 1, 1, 0, 66},
                          {"FAN1", 18, 100, 0, 84},
                          {"Pwr Consumption", 6, 8, 0, 52}};

    *c = (struct controller){.watts = 412};
    for (unsigned i = 0; i < SENSORS; i++) {
        describe(c->records[i], i, sensors[i].name, sensors[i].unit, sensors[i].m,
                 sensors[i].exponents);
        c->values[i] = sensors[i].value;
        c->flags[i] = 0x40;
    }
}

static void answer(struct controller *c, const struct ipmi_msg *q)
{
    unsigned char *a = c->answer;

    memset(a, 0, sizeof(c->answer));
    c->answer_len = 1;
    if (q->netfn == 0x2c && q->cmd == 0x02) {
        a[0] = c->no_dcmi ? 0xc1 : 0;
        a[1] = 0xdc;
        a[2] = c->watts & 0xff;
        a[3] = (unsigned char)(c->watts >> 8);
        a[18] = 0x40;
        c->answer_len = c->no_dcmi ? 1 : 19;
    } else if (q->netfn == 0x0a && q->cmd == 0x22) {
        a[1] = 7;
        c->answer_len = 3;
    } else if (q->netfn == 0x0a && q->cmd == 0x23) {
        unsigned id = q->data[2];
        unsigned next = id + 1 < SENSORS ? id + 1 : 0xffff;
        if (q->data[0] != 7 || id >= SENSORS || q->data[5] > 16) {
            a[0] = 0xca; /* as some do when asked for more */
            return;
        }
        a[1] = next & 0xff;
        a[2] = (unsigned char)(next >> 8);
        memcpy(a + 3, c->records[id] + q->data[4], q->data[5]);
        c->answer_len = 3 + (size_t)q->data[5];
    } else if (q->netfn == 0x04 && q->cmd == 0x2d && q->data[0] >= 0x30 &&
               q->data[0] < 0x30 + SENSORS) {
        a[1] = c->values[q->data[0] - 0x30];
        a[2] = c->flags[q->data[0] - 0x30];
        c->answer_len = 4;
    } else {
        a[0] = 0xc1;
    }
}

static int play(struct fake_edge *fake, unsigned long request, void *argument)
{
    struct controller *c = fake->own;

    if (request == IPMICTL_SEND_COMMAND) {
        const struct ipmi_req *q = argument;
        c->msgid = q->msgid;
        answer(c, &q->msg);
        return 0;
    }
    struct ipmi_recv *r = argument;
    if (request != IPMICTL_RECEIVE_MSG_TRUNC)
        return -ENOTTY;
    r->msgid = c->late ? c->msgid - 1 : c->msgid;
    c->late = false; /* one late answer of the command before, then this one's */
    memcpy(r->msg.data, c->answer, c->answer_len);
    r->msg.data_len = (unsigned short)c->answer_len;
    return 0;
}

static struct bench *machine(struct fake_edge *fake, struct controller *c)
{
    struct bench *b = bench_new(&ipmi_collector, "host-intel");

    make(c);
    fake_edge_init(fake);
    fake->node = "dev/ipmi0";
    fake->answer = play;
    fake->own = c;
    b->tree.paths.edge = &fake->edge;
    return b;
}

static void the_machine_s_power_air_and_fans_are_told(void **state)
{
    struct fake_edge fake;
    struct controller c;
    struct bench *b = machine(&fake, &c);
    const struct chassis *m = &bench_read(b)->chassis;

    (void)state;
    assert_true(m->present);
    assert_near(m->power_w, 412);
    assert_near(m->inlet_temperature_c, 23);
    assert_near(m->outlet_temperature_c, 41); /* the processor's is neither */
    assert_string_equal(m->fan_name[0], "FAN1");
    assert_near(m->fan_rpm[0], 8400);
    assert_string_equal(m->fan_name[1], "");
    c.flags[0] = 0x60; /* no reading now */
    c.late = true;
    c.watts = 500;
    m = &bench_read(b)->chassis;
    assert_true(isnan(m->inlet_temperature_c));
    assert_near(m->power_w, 500);
    bench_free(b);
    assert_int_equal(fake.opened, fake.closed);
}

static void a_sensor_tells_power_where_dcmi_does_not(void **state)
{
    struct fake_edge fake;
    struct controller c;
    struct bench *b = machine(&fake, &c);

    (void)state;
    c.no_dcmi = true;
    assert_near(bench_read(b)->chassis.power_w, 416); /* 52 of 8 W */
    bench_free(b);
}

static void one_that_does_not_answer_is_an_error_and_no_machine(void **state)
{
    struct fake_edge fake;
    struct controller c;
    struct bench *b = machine(&fake, &c);

    (void)state;
    (void)bench_read(b);
    fake.silent = true;
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    assert_int_equal(ipmi_collector.read(b->state, &b->reading, &b->error), -ETIMEDOUT);
    assert_false(b->reading.chassis.present);
    fake.node = NULL;
    assert_false(ipmi_collector.detect(&b->tree.paths));
    bench_free(b);
}

static void what_a_controller_answered_is_read_again(void **state)
{
    struct fake_edge fake;
    struct controller c;
    struct recorded r;

    (void)state;
    record(&r, machine(&fake, &c));
    c.flags[0] = 0x60; /* no reading: neither then */
    (void)bench_read(r.bench);
    unsigned opened = fake.opened;
    const struct chassis *m = &replay(&r)->chassis;
    assert_int_equal(fake.opened, opened);
    assert_near(m->power_w, 412);
    assert_true(isnan(m->inlet_temperature_c));
    assert_near(m->outlet_temperature_c, 41);
    assert_string_equal(m->fan_name[0], "FAN1");
    assert_near(m->fan_rpm[0], 8400);
    recorded_fini(&r);
}

static void readings_are_converted_as_records_say(void **state)
{
    unsigned char r[64];
    struct ipmi_sensor s;

    (void)state;
    describe(r, 1, "Ambient", 2, 1, 0);
    assert_true(ipmi_sdr_parse(str_make((char *)r, 48 + 7), &s));
    assert_int_equal(s.kind, IPMI_INLET);
    assert_near(ipmi_sdr_value(&s, str_make("\x4d\x40", 2)), 25); /* 77 degrees Fahrenheit */
    assert_false(ipmi_sdr_parse(str_make((char *)r, 48 + 6), &s));
    assert_false(ipmi_sdr_parse(str_make((char *)r, 47), &s));
    r[20] = 0x80; /* with a sign */
    r[21] = 1;
    r[24] = 0x9c; /* M = -100 over ten bits */
    r[25] = 0xc0;
    r[26] = 5;    /* B = 5 * 10^2 */
    r[29] = 0xe2; /* R exponent -2 */
    assert_true(ipmi_sdr_parse(str_make((char *)r, 48 + 7), &s));
    assert_near(ipmi_sdr_value(&s, str_make("\xf6\x40", 2)), 15); /* (-100 * -10 + 500) / 100 */
    r[23] = 1;                                                    /* a logarithm: not one of ours */
    assert_true(ipmi_sdr_parse(str_make((char *)r, 48 + 7), &s));
    assert_int_equal(s.kind, IPMI_OTHER);
    assert_true(isnan(ipmi_sdr_value(&s, str_make("\x10", 1))));
    assert_true(isnan(ipmi_sdr_dcmi(str_make("\xdc\x10", 2))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_s_power_air_and_fans_are_told),
        cmocka_unit_test(a_sensor_tells_power_where_dcmi_does_not),
        cmocka_unit_test(one_that_does_not_answer_is_an_error_and_no_machine),
        cmocka_unit_test(what_a_controller_answered_is_read_again),
        cmocka_unit_test(readings_are_converted_as_records_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
