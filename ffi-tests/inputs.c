/* Open inputs: bound or following, moved, copied, closed, used after that. */
#include "harness.h"

static uint64_t packets(changeover_engine *engine) {
  sync_engine(engine);
  return input_status(engine, "s", 0).packets;
}

static bool is_zero(const changeover_input *input) {
  static const changeover_input zero;
  return memcmp(input, &zero, sizeof zero) == 0;
}

static void closed_means_zeroed_and_records_nothing(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input input;
  memset(&input, 0, sizeof input);
  const changeover_packet packet = {1, 0};
  for (int round = 0; round < 2; round++) {
    EQUAL(0, changeover_record(&input, 1, 0));
    EQUAL(0, changeover_record_batch(&input, &packet, 1));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_record_lost(&input, 1));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_input_report_error(&input, S("x")));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_input_start_failed(&input, S("x")));
    OK(changeover_close_input(&input));
    CHECK(is_zero(&input));
    OK(changeover_open_input(engine, S("s"), 0, 0, &input));
    CHECK(!is_zero(&input));
    EQUAL(1, changeover_record(&input, 1, 0));
    OK(changeover_close_input(&input));
    CHECK(is_zero(&input));
  }
  EQUAL(2, packets(engine));
  EQUAL(0, changeover_record(NULL, 1, 0));
  EQUAL(0, changeover_record_batch(NULL, &packet, 1));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_record_lost(NULL, 1));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_input_report_error(NULL, S("x")));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_input_start_failed(NULL, S("x")));
  OK(changeover_close_input(NULL));
  OK(changeover_free(engine));
}

static void a_struct_may_be_moved(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input input = open_input(engine, "s", 0, 0);
  /* Even to where no struct belongs. */
  _Alignas(16) char memory[sizeof input + 1];
  changeover_input *moved = (changeover_input *)(void *)(memory + 1);
  memcpy(memory + 1, &input, sizeof input);
  memset(&input, 0, sizeof input);
  EQUAL(1, changeover_record(moved, 1, 0));
  memcpy(&input, memory + 1, sizeof input);
  EQUAL(1, changeover_record(&input, 1, 0));
  EQUAL(2, packets(engine));
  OK(changeover_close_input(moved));
  for (size_t i = 1; i < sizeof memory; i++)
    EQUAL(0, memory[i]);
  OK(changeover_free(engine));
}

/* A copy that is still used after the original was closed: counts nothing, neither for the input it
 * was opened for, nor for whoever has its cell by then. */
static void a_stale_copy_is_noticed_at_once_and_for_ever(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input copies[200];
  const changeover_packet packet = {1, 0};
  uint64_t expected = 0, combinations = 0;
  for (size_t i = 0; i < LENGTH(copies); i++) {
    changeover_input input = open_input(engine, "s", 0, 0);
    copies[i] = input;
    EQUAL(1, changeover_record(&copies[i], 1, 0)); /* not stale yet: the same input */
    expected++;
    OK(changeover_close_input(&input));
    /* At once: the monitor may not have heard of the close yet. */
    for (size_t j = i > 20 ? i - 20 : 0; j <= i; j++, combinations++) {
      const changeover_input before = copies[j];
      EQUAL(0, changeover_record(&copies[j], 1, 0));
      EQUAL(0, changeover_record_batch(&copies[j], &packet, 1));
      EXPECT(CHANGEOVER_ERR_HANDLE, changeover_record_lost(&copies[j], 1));
      EXPECT(CHANGEOVER_ERR_HANDLE, changeover_input_report_error(&copies[j], S("x")));
      EXPECT(CHANGEOVER_ERR_HANDLE, changeover_close_input(&copies[j]));
      CHECK(memcmp(&before, &copies[j], sizeof before) == 0);
    }
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_close_input(&copies[i]));
    OK(changeover_close_input(&input));
  }
  EQUAL(expected, packets(engine));
  EQUAL(0, input_status(engine, "s", 0).lost_packets);
  EQUAL(CHANGEOVER_STATUS_ACTIVE, input_status(engine, "s", 0).status);
  OK(changeover_free(engine));
  /* When the engine is gone, and when another has its memory. */
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < LENGTH(copies); i++, combinations++) {
      EQUAL(0, changeover_record(&copies[i], 1, 0));
      EXPECT(CHANGEOVER_ERR_HANDLE, changeover_close_input(&copies[i]));
    }
    engine = patient_engine();
    register_stream(engine, "s", 1);
    changeover_input other = open_input(engine, "s", 0, 0);
    for (size_t i = 0; i < LENGTH(copies); i++, combinations++)
      EQUAL(0, changeover_record(&copies[i], 1, 0));
    EQUAL(0, packets(engine));
    OK(changeover_close_input(&other));
    OK(changeover_free(engine));
  }
  note("%d stale uses", (int)combinations);
}

static void a_bound_input_is_its_sessions(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  const uint64_t first = take_start(engine, 0);
  changeover_input bound = open_input(engine, "s", 0, first), following = open_input(engine, "s", 0, 0);
  EQUAL(1, changeover_record(&bound, 1, 0));
  EQUAL(1, changeover_record(&following, 1, 0));
  sync_engine(engine);
  /* A new session of the same input. */
  OK(changeover_update_buffer_write_id(engine, S("s"), S("elsewhere")));
  const uint64_t second = take_start(engine, 0);
  EQUAL(0, changeover_record(&bound, 1, 0));
  EQUAL(2, changeover_record(&following, 1, 0));
  changeover_input none;
  memset(&none, 0x55, sizeof none);
  const changeover_input before = none;
  EXPECT(CHANGEOVER_ERR_STALE_SESSION, changeover_open_input(engine, S("s"), 0, first, &none));
  EXPECT(CHANGEOVER_ERR_STALE_SESSION, changeover_open_input(engine, S("s"), 1, second, &none));
  EXPECT(CHANGEOVER_ERR_STALE_SESSION, changeover_open_input(engine, S("s"), 0, UINT64_MAX, &none));
  CHECK(memcmp(&none, &before, sizeof none) == 0);
  /* Errors likewise. */
  sync_engine(engine);
  OK(changeover_input_report_error(&bound, S("too late")));
  sync_engine(engine);
  OK(changeover_input_start_failed(&bound, S("too late")));
  sync_engine(engine);
  EQUAL(0, input_status(engine, "s", 0).errors_len);
  OK(changeover_input_report_error(&following, S("in time")));
  sync_engine(engine);
  EQUAL(CHANGEOVER_STATUS_DEGRADED, input_status(engine, "s", 0).status);
  OK(changeover_close_input(&bound));
  OK(changeover_close_input(&following));
  OK(changeover_free(engine));
}

/* Its input is gone; the one at that place is another. */
static void reports_nothing(changeover_engine *engine, const changeover_input *input, size_t index) {
  OK(changeover_input_report_error(input, S("nobody listens")));
  sync_engine(engine);
  OK(changeover_input_start_failed(input, S("nobody listens")));
  sync_engine(engine);
  const changeover_input_status status = input_status(engine, "s", index);
  EQUAL(CHANGEOVER_STATUS_IDLE, status.status);
  EQUAL(index == 0, status.session != 0);
}

static void an_input_outlives_its_stream(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input input = open_input(engine, "s", 0, 0);
  EQUAL(1, changeover_record(&input, 1, 0));
  OK(changeover_unregister(engine, S("s")));
  EQUAL(0, changeover_record(&input, 1, 0));
  OK(changeover_record_lost(&input, 1));
  OK(changeover_input_report_error(&input, S("nobody listens")));
  register_stream(engine, "s", 1); /* another life of that id */
  EQUAL(0, changeover_record(&input, 1, 0));
  EQUAL(0, packets(engine));
  reports_nothing(engine, &input, 0);
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

static void an_input_outlives_its_removal(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  changeover_input input = open_input(engine, "s", 1, 0);
  const int32_t removed = 1;
  OK(changeover_update_inputs(engine, S("s"), NULL, 0, &removed, 1, NULL, 0));
  const changeover_input_spec spec = input_spec(1, "test://1"); /* another one with its priority */
  OK(changeover_update_inputs(engine, S("s"), &spec, 1, NULL, 0, NULL, 0));
  reports_nothing(engine, &input, 1);
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

static void a_failed_start_outweighs_an_error(void) {
  for (int i = 0; i < scaled(100); i++) {
    changeover_engine *engine = patient_engine();
    register_stream(engine, "s", 1);
    const uint64_t session = take_start(engine, 0);
    changeover_input input = open_input(engine, "s", 0, i % 2 ? session : 0);
    OK(changeover_input_report_error(&input, S("first")));
    /* Which of them the engine has seen when the next one comes, nobody knows. */
    OK(changeover_input_report_error(&input, S("second")));
    OK(changeover_input_start_failed(&input, S("third")));
    OK(changeover_input_report_error(&input, S("fourth")));
    sync_engine(engine);
    EQUAL(0, input_status(engine, "s", 0).session);
    OK(changeover_close_input(&input));
    OK(changeover_free(engine));
  }
}

static void opening_and_closing_loses_no_count(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  uint64_t expected = 0;
  for (int i = 0; i < scaled(2000); i++) {
    changeover_input a = open_input(engine, "s", 0, 0), b = open_input(engine, "s", 0, 0);
    for (int j = 0; j < i % 5; j++, expected += 2) {
      EQUAL(1, changeover_record(&a, 1, 0));
      EQUAL(1, changeover_record(&b, 1, 0));
    }
    OK(changeover_close_input(i % 2 ? &a : &b));
    OK(changeover_close_input(i % 2 ? &b : &a));
  }
  EQUAL(expected, packets(engine));
  OK(changeover_free(engine));
}

int main(void) {
  RUN(closed_means_zeroed_and_records_nothing);
  RUN(a_struct_may_be_moved);
  RUN(a_stale_copy_is_noticed_at_once_and_for_ever);
  RUN(a_bound_input_is_its_sessions);
  RUN(an_input_outlives_its_stream);
  RUN(an_input_outlives_its_removal);
  RUN(a_failed_start_outweighs_an_error);
  RUN(opening_and_closing_loses_no_count);
  return finish();
}
