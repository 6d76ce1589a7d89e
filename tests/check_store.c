/* check_store.c -- stores: complete, resumable, shared by processes, merged; and what happens when
 * the disk is full.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/rng.h"
#include "explorer/sweep.h"

static struct spn_err err;

/* 3456 lenet5 designs, a quarter of which cannot be built (7 does not divide). */
static const char text[] =
    "{\"name\": \"test\", \"network\": \"lenet5\", \"chip\": \"ning2025\", \"scheme\": [\"dense\", "
    "\"external-index\", \"index-free\"],"
    "\"axes\": {\"chip.sparsity.index_format\": {\"values\": [\"bitmap\", \"csr\"], \"when\": "
    "{\"scheme\": \"external-index\"}},"
    "\"chip.adc.bits\": [3, 4, 5, 6, 7, 8], \"chip.adc.columns_per_adc\": [2, 4, 7, 8],"
    "\"chip.clock_Hz\": {\"from\": 1e8, \"to\": 1e9, \"count\": 12, \"log\": true}, "
    "\"chip.tile.bus_bit\": [32, 64, 128]},"
    "\"objectives\": [\"min energy_J\", \"max ops_per_s_m2\"]}";
enum { N_POINTS = 3456, N_BAD = N_POINTS / 4 };

static char dir[32], path[64], other[64];
static struct spn_space *space;
static const struct spn_shard all = {0, 1};

static void setup(void)
{
    memcpy(dir, "/tmp/spn_store_XXXXXX", sizeof "/tmp/spn_store_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.sqlite", dir);
    snprintf(other, sizeof other, "%s/b.sqlite", dir);
    space = NULL;
    ck_assert_ok(spn_space_parse(&space, text, strlen(text), "test.json", &err));
    ck_assert_int_eq(spn_space_size(space), N_POINTS);
}

static void teardown(void)
{
    char name[96];
    spn_space_destroy(space);
    for (const char *const *file = (const char *const[]){path, other, NULL}; *file; file++)
        for (const char *const *end = (const char *const[]){"", "-wal", "-shm", "-journal", NULL};
             *end; end++) {
            snprintf(name, sizeof name, "%s%s", *file, *end);
            unlink(name);
        }
    ck_assert_int_eq(rmdir(dir), 0);
}

static struct spn_sweep_counts sweep(const char *file, struct spn_shard shard,
                                     const struct spn_progress *progress)
{
    struct spn_store *store = NULL;
    struct spn_sweep_options how = {.n_threads = 2, .shard = shard, .progress = progress};
    struct spn_sweep_counts counts;
    ck_assert_ok(spn_store_open(&store, file, space, shard, &err));
    ck_assert_ok(spn_sweep_run(space, store, &how, NULL, &counts, &err));
    spn_store_close(store);
    return counts;
}

struct expected {
    struct spn_evaluator *evaluator;
    int64_t next;
    int n_columns, n_axes;
};

static bool compare_row(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct expected *e = ctx;
    struct spn_point point;
    int digit[SPN_SPACE_MAX_AXES];
    ck_assert_int_eq(number, e->next++);
    ck_assert_ok(spn_evaluate(e->evaluator, number, &point, &err));
    spn_space_digits(space, number, digit);
    for (int a = 0; a < e->n_axes; a++) {
        ck_assert_int_eq(cells[a].null, digit[a] < 0);
        if (digit[a] >= 0 && spn_space_axis_numeric(space, a))
            ck_assert(cells[a].number == spn_space_axis_number(space, a, digit[a]));
        else if (digit[a] >= 0)
            ck_assert_str_eq(cells[a].text, spn_space_axis_label(space, a, digit[a]));
    }
    for (int c = 0; c < e->n_columns; c++) {
        const struct spn_store_cell *cell = &cells[e->n_axes + c];
        ck_assert_int_eq(cell->null, point.state == SPN_POINT_INFEASIBLE);
        ck_assert(cell->null || cell->number == point.value[c]);
    }
    return true;
}

/* Every point is there once, with the values of a fresh evaluation. */
static void check_complete(const char *file)
{
    struct spn_store *store = NULL;
    struct spn_store_counts counts;
    struct expected e = {.n_columns = spn_space_n_columns(space),
                         .n_axes = spn_space_n_axes(space)};
    ck_assert_ok(spn_evaluator_create(&e.evaluator, space, &err));
    ck_assert_ok(spn_store_read(&store, file, &err));
    ck_assert_ok(spn_store_counts(store, &counts, &err));
    ck_assert_int_eq(counts.n_points, N_POINTS);
    ck_assert_int_eq(counts.n_stored, N_POINTS);
    ck_assert_int_eq(counts.n_good, N_POINTS - N_BAD);
    ck_assert_ok(spn_store_select(store, &(struct spn_store_query){.bad_too = true, .order = -1},
                                  compare_row, &e, &err));
    ck_assert_int_eq(e.next, N_POINTS);
    spn_store_close(store);
    spn_evaluator_destroy(e.evaluator);
}

static void check_integrity(const char *file)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *check = NULL;
    if (access(file, F_OK) != 0) /* killed before it was made */
        return;
    ck_assert_int_eq(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(check), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(check, 0), "ok");
    sqlite3_finalize(check);
    sqlite3_close(db);
}

START_TEST(a_sweep_stores_every_point_once)
{
    struct spn_sweep_counts counts = sweep(path, all, NULL);
    ck_assert_int_eq(counts.n_before, 0);
    ck_assert_int_eq(counts.n_evaluated, N_POINTS);
    ck_assert_int_eq(counts.n_good, N_POINTS - N_BAD);
    ck_assert_int_eq(counts.n_infeasible, N_BAD);
    check_complete(path);
    counts = sweep(path, all, NULL);
    ck_assert_int_eq(counts.n_before, N_POINTS);
    ck_assert_int_eq(counts.n_evaluated, 0);
}
END_TEST

static bool stop_early(void *ctx, const char *what, size_t done, size_t total)
{
    (void)what;
    ck_assert_uint_eq(total, N_POINTS);
    ck_assert_uint_le(done, total);
    *(size_t *)ctx = done;
    return done < 300;
}

START_TEST(a_stopped_sweep_goes_on)
{
    size_t done = 0;
    struct spn_progress progress = {stop_early, &done};
    struct spn_sweep_counts first = sweep(path, all, &progress), rest = {0};
    ck_assert(first.stopped);
    ck_assert_int_ge(first.n_evaluated, 300);
    ck_assert_int_lt(first.n_evaluated, N_POINTS / 2);
    rest = sweep(path, all, NULL);
    ck_assert_int_eq(rest.n_before, first.n_evaluated);
    ck_assert_int_eq(rest.n_evaluated, N_POINTS - first.n_evaluated);
    check_complete(path);
}
END_TEST

/* Killed without warning, 20 times, at another moment each time: whole batches are there, and none
 * is lost again. */
START_TEST(kill_minus_nine)
{
    int64_t stored = 0;
    for (int round = 0; round < 20; round++) {
        int64_t before = stored;
        struct spn_store *store = NULL;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            struct spn_sweep_options how = {.n_threads = 2, .shard = all};
            struct spn_sweep_counts counts;
            if (!spn_store_open(&store, path, space, all, &err))
                (void)spn_sweep_run(space, store, &how, NULL, &counts, &err);
            _exit(0);
        }
        usleep((useconds_t)(3000 + 1500 * (round % 7)));
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        check_integrity(path);
        ck_assert_ok(spn_store_open(&store, path, space, all, &err));
        ck_assert_ok(spn_store_count(store, &stored, &err));
        ck_assert_int_ge(stored, before);
        ck_assert_int_eq(stored % spn_batch_size(space),
                         stored == N_POINTS ? N_POINTS % spn_batch_size(space) : 0);
        spn_store_close(store);
        if (stored == N_POINTS && round < 19) { /* too late to kill: from the start */
            unlink(path);
            stored = 0;
        }
    }
    struct spn_sweep_counts counts = sweep(path, all, NULL);
    ck_assert_int_eq(counts.n_evaluated + counts.n_before, N_POINTS);
    ck_assert_int_eq(counts.n_before, stored);
    check_complete(path);
}
END_TEST

/* Four processes at once on one file: each point is computed by one of them. */
START_TEST(processes_share_a_file)
{
    enum { N = 4 };
    pid_t child[N];
    int64_t total = 0;
    int channel[2];
    ck_assert_int_eq(pipe(channel), 0);
    for (int i = 0; i < N; i++) {
        child[i] = fork();
        ck_assert_int_ge(child[i], 0);
        if (child[i] == 0) {
            struct spn_store *store = NULL;
            struct spn_sweep_options how = {.n_threads = 1, .shard = all};
            struct spn_sweep_counts counts = {0};
            int64_t n = -1000000;
            if (!spn_store_open(&store, path, space, all, &err) &&
                !spn_sweep_run(space, store, &how, NULL, &counts, &err))
                n = counts.n_evaluated;
            else
                fprintf(stderr, "%s\n", err.msg);
            spn_store_close(store);
            _exit(write(channel[1], &n, sizeof n) != sizeof n);
        }
    }
    for (int i = 0; i < N; i++) {
        int64_t n = 0;
        ck_assert_int_eq(read(channel[0], &n, sizeof n), sizeof n);
        total += n;
    }
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(waitpid(child[i], NULL, 0), child[i]);
    close(channel[0]);
    close(channel[1]);
    ck_assert_int_eq(total, N_POINTS);
    check_integrity(path);
    check_complete(path);
}
END_TEST

START_TEST(shards_merge_to_the_whole)
{
    struct spn_sweep_counts a = sweep(path, (struct spn_shard){0, 3}, NULL), b;
    b = sweep(other, (struct spn_shard){1, 3}, NULL);
    ck_assert_int_gt(a.n_evaluated, N_POINTS / 4);
    ck_assert_int_gt(b.n_evaluated, N_POINTS / 4);
    b = sweep(other, (struct spn_shard){2, 3}, NULL);
    ck_assert_int_eq(a.n_evaluated + b.n_before + b.n_evaluated, N_POINTS);
    ck_assert_ok(spn_store_merge(path, other, &err));
    check_complete(path);
    ck_assert_ok(spn_store_merge(path, other, &err)); /* again: nothing changes */
    check_complete(path);
    unlink(other);
    ck_assert_ok(spn_store_merge(other, path, &err)); /* into a new file */
    check_complete(other);
}
END_TEST

static bool count_rows(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    (void)number;
    (void)cells;
    ++*(int *)ctx;
    return true;
}

static bool keep_number(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    double *last = ctx;
    (void)number;
    ck_assert(cells[0].number <= *last);
    *last = cells[0].number;
    return true;
}

START_TEST(questions_in_sql)
{
    struct spn_store *store = NULL;
    int n = 0;
    double last = INFINITY;
    sweep(path, all, NULL);
    ck_assert_ok(spn_store_read(&store, path, &err));
    ck_assert_str_eq(spn_store_space_name(store), "test");
    int energy = spn_store_find_column(store, "energy_J");
    ck_assert_int_eq(spn_store_column(store, energy)->objective, -1);
    ck_assert_str_eq(spn_store_column(store, energy)->unit, "J");
    ck_assert_int_eq(
        spn_store_column(store, spn_store_find_column(store, "ops_per_s_m2"))->objective, 1);
    ck_assert_int_eq(spn_store_column(store, 0)->kind, SPN_STORE_AXIS);
    ck_assert_int_eq(spn_store_find_column(store, "energy_j"), -1);
    struct spn_store_query query = {
        .where = "scheme = 'dense' and \"chip.adc.bits\" in (3, 4) -- so", .order = -1};
    ck_assert_ok(spn_store_select(store, &query, count_rows, &n, &err));
    ck_assert_int_eq(n, 2 * 3 * 12 * 3);
    query = (struct spn_store_query){
        .order = energy, .falling = true, .limit = 10, .columns = &energy, .n_columns = 1};
    ck_assert_ok(spn_store_select(store, &query, keep_number, &last, &err));
    ck_assert(isfinite(last));
    static const char *const nonsense[] = {
        "schem = 'dense'", "1) UNION SELECT (1", "1; DROP TABLE points", "(", "", "/*"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        query = (struct spn_store_query){.where = nonsense[i], .order = -1};
        ck_assert_fails(spn_store_select(store, &query, count_rows, &n, &err), SPN_EUSAGE,
                        "condition");
    }
    spn_store_close(store);
}
END_TEST

START_TEST(other_files_are_refused)
{
    static const char changed[] = "{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [4]}}";
    struct spn_space *second = NULL;
    struct spn_store *store = NULL;
    ck_assert_ok(spn_space_parse(&second, changed, strlen(changed), "second.json", &err));
    sweep(path, all, NULL);
    ck_assert_fails(spn_store_open(&store, path, second, all, &err), SPN_EINPUT, "another space");
    ck_assert_ok(spn_store_open(&store, other, second, all, &err));
    spn_store_close(store);
    store = NULL;
    ck_assert_fails(spn_store_merge(path, other, &err), SPN_EINPUT, "another space");
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_exec(db, "UPDATE meta SET value = '0.0.1' WHERE key = 'version'", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    ck_assert_fails(spn_store_open(&store, path, space, all, &err), SPN_EINPUT, "version 0.0.1");
    FILE *file = fopen(other, "wb");
    fputs("this is no database, but it is long enough to look like one to a careless reader of its "
          "first page",
          file);
    fclose(file);
    ck_assert_fails(spn_store_open(&store, other, space, all, &err), SPN_EINPUT, "not a database");
    ck_assert_fails(spn_store_read(&store, other, &err), SPN_EINPUT, other);
    ck_assert_fails(spn_store_read(&store, "nowhere/x.sqlite", &err), SPN_EINPUT,
                    "nowhere/x.sqlite");
    ck_assert_fails(spn_store_open(&store, "nowhere/x.sqlite", space, all, &err), SPN_EINPUT,
                    "cannot open");
    ck_assert_fails(spn_store_open(&store, path, space, (struct spn_shard){3, 3}, &err), SPN_EUSAGE,
                    "shard 3 of 3");
    ck_assert_ptr_null(store);
    spn_space_destroy(second);
}
END_TEST

/* A file that may not grow stands for a disk that is full. */
START_TEST(a_full_disk)
{
    struct spn_store *store = NULL;
    struct spn_sweep_options how = {.n_threads = 2, .shard = all};
    struct spn_sweep_counts counts;
    int64_t stored = 0;
    struct rlimit limit, was;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    limit = was;
    limit.rlim_cur = 200000;
    ck_assert_ok(spn_store_open(&store, path, space, all, &err));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_fails(spn_sweep_run(space, store, &how, NULL, &counts, &err), SPN_EINTERNAL,
                    "disk full?");
    ck_assert_ptr_nonnull(strstr(err.msg, path));
    spn_store_close(store);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
    check_integrity(path);
    ck_assert_ok(spn_store_open(&store, path, space, all, &err));
    ck_assert_ok(spn_store_count(store, &stored, &err));
    spn_store_close(store);
    ck_assert_int_gt(stored, 0);
    ck_assert_int_lt(stored, N_POINTS);
    counts = sweep(path, all, NULL);
    ck_assert_int_eq(counts.n_before, stored);
    check_complete(path);
}
END_TEST

static size_t read_bytes(const char *file, unsigned char *bytes, size_t size)
{
    FILE *f = fopen(file, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(bytes, 1, size, f);
    fclose(f);
    return n;
}

/* A database of another program is refused and stays as it is, byte by byte. */
START_TEST(other_databases_are_left_alone)
{
    static unsigned char before[1 << 16], after[1 << 16];
    struct spn_store *store = NULL;
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE points(a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    size_t n = read_bytes(path, before, sizeof before);
    ck_assert_fails(spn_store_open(&store, path, space, all, &err), SPN_EINPUT,
                    "is not a store of design points");
    sweep(other, all, NULL);
    ck_assert_fails(spn_store_merge(path, other, &err), SPN_EINPUT,
                    "is not a store of design points");
    ck_assert_uint_eq(read_bytes(path, after, sizeof after), n);
    ck_assert_mem_eq(before, after, n);
    /* What cannot be merged whole leaves no new file. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "DROP TABLE points", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    ck_assert_fails(spn_store_merge(path, other, &err), SPN_EINPUT, "b.sqlite into ");
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Bytes of a finished file changed at random: an error, or what the rest says; never a crash. */
START_TEST(damaged_files_do_no_harm)
{
    static unsigned char sound[1 << 21], bytes[1 << 21];
    sweep(path, all, NULL);
    const size_t n = read_bytes(path, sound, sizeof sound);
    ck_assert(n > 4096 && n < sizeof sound);
    struct spn_rng rng = spn_rng_init(1, 0, 0);
    for (int round = 0; round < 60; round++) {
        struct spn_store *store = NULL;
        struct spn_work work = {.n = 0};
        memcpy(bytes, sound, n);
        for (int i = 0; i < 40; i++)
            bytes[spn_rng_u32(&rng) % n] = (unsigned char)spn_rng_u32(&rng);
        FILE *f = fopen(other, "wb");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
        fclose(f);
        enum spn_status status = spn_store_open(&store, other, space, all, &err);
        for (bool more = true; !status && more; more = work.n > 0)
            status = spn_store_next(store, &work, &err);
        if (status)
            ck_assert_ptr_nonnull(strstr(err.msg, "b.sqlite: "));
        spn_store_close(store);
        char log[96];
        snprintf(log, sizeof log, "%s-wal", other);
        unlink(log);
        snprintf(log, sizeof log, "%s-shm", other);
        unlink(log);
    }
}
END_TEST

START_TEST(the_front_of_a_sweep)
{
    struct spn_front *one = NULL, *two = NULL;
    struct spn_front_item a[256], b[256];
    struct spn_sweep_options how = {.n_threads = 1, .shard = all};
    struct spn_sweep_counts counts;
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point;
    ck_assert_ok(spn_front_create(&one, 2, &err));
    ck_assert_ok(spn_front_create(&two, 2, &err));
    ck_assert_ok(spn_sweep_run(space, NULL, &how, one, &counts, &err));
    ck_assert_int_eq(counts.n_evaluated, N_POINTS);
    how.n_threads = 3;
    ck_assert_ok(spn_sweep_run(space, NULL, &how, two, &counts, &err));
    size_t n = spn_front_size(one);
    ck_assert_uint_eq(spn_front_size(two), n);
    ck_assert(n > 0 && n <= 256);
    spn_front_items(one, a);
    spn_front_items(two, b);
    ck_assert_mem_eq(a, b, n * sizeof *a);
    ck_assert_ok(spn_evaluator_create(&evaluator, space, &err));
    for (int64_t p = 0; p < N_POINTS; p++) { /* nothing beats a member */
        ck_assert_ok(spn_evaluate(evaluator, p, &point, &err));
        struct spn_front_item item = spn_sweep_item(space, &point);
        for (size_t i = 0; point.state == SPN_POINT_GOOD && i < n; i++)
            ck_assert(!(item.value[0] <= a[i].value[0] && item.value[1] < a[i].value[1]) &&
                      !(item.value[0] < a[i].value[0] && item.value[1] <= a[i].value[1]));
    }
    spn_evaluator_destroy(evaluator);
    spn_front_destroy(one);
    spn_front_destroy(two);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_sweep_stores_every_point_once);
    tcase_add_test(tests, a_stopped_sweep_goes_on);
    tcase_add_test(tests, kill_minus_nine);
    tcase_add_test(tests, processes_share_a_file);
    tcase_add_test(tests, shards_merge_to_the_whole);
    tcase_add_test(tests, questions_in_sql);
    tcase_add_test(tests, other_files_are_refused);
    tcase_add_test(tests, a_full_disk);
    tcase_add_test(tests, other_databases_are_left_alone);
    tcase_add_test(tests, damaged_files_do_no_harm);
    tcase_add_test(tests, the_front_of_a_sweep);
    suite_add_tcase(suite, tests);
    return suite;
}
