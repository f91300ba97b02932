/* changeover: recording without a function call.
 *
 * Written by hand, to be included instead of changeover.h or after it. changeover_record_inline is
 * changeover_record compiled into the caller, for a third less time; the two may be mixed freely. It
 * relies on how the library lays out its memory, so it asks each open input for the number of that
 * layout, and calls changeover_record
 *
 *   - when the library has another layout than this header knows (a program compiled today keeps
 *     working with a later library, at the price of the call),
 *   - for a closed input and for NULL,
 *   - for the few packets the engine waits for (a session's first one, say),
 *
 * and always where the compiler is neither GCC nor Clang, the language older than C11 or C++11, the
 * machine has no 64-bit atomics and pointers, or CHANGEOVER_NO_INLINE is defined.
 *
 * src/hot/cell.rs, gate.rs and clock.rs assert the same layout; src/ffi/input.rs has its number.
 */

#ifndef CHANGEOVER_INLINE_H
#define CHANGEOVER_INLINE_H

#include "changeover.h"

/* In C++ other inline functions use it, so it must be the same one everywhere. */
#ifdef __cplusplus
#define CHANGEOVER_INLINE_FUNCTION inline
#else
#define CHANGEOVER_INLINE_FUNCTION static inline
#endif

#if !defined(CHANGEOVER_NO_INLINE) && defined(__GNUC__) && UINTPTR_MAX == UINT64_MAX && \
    __GCC_ATOMIC_INT_LOCK_FREE == 2 && __GCC_ATOMIC_LLONG_LOCK_FREE == 2 &&             \
    ((defined(__cplusplus) && __cplusplus >= 201103L) ||                                \
     (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L))

/** The layout this header knows; 0 where there is only the call. */
#define CHANGEOVER_INLINE_LAYOUT 1u

/** Where one open input is counted: a cache line with one writer. Private. */
struct changeover_inline_cell {
  uint64_t last_packet;
  uint64_t packets;
  uint64_t bytes;
  uint64_t video;
  uint64_t keys;
  uint64_t lost;
  /* The top bit: look at the next two. Of these, the upper one: count sound; the lower: call. */
  uint64_t admitted;
  uint32_t sound;
  uint32_t tag;
};

#ifdef __cplusplus
#define CHANGEOVER_INLINE_ASSERT(condition) static_assert(condition, "not layout 1")
#define CHANGEOVER_INLINE_POINTER(type, pointer) (static_cast<type *>(pointer))
#else
#define CHANGEOVER_INLINE_ASSERT(condition) _Static_assert(condition, "not layout 1")
#define CHANGEOVER_INLINE_POINTER(type, pointer) ((type *)(pointer))
#endif

CHANGEOVER_INLINE_ASSERT(sizeof(struct changeover_inline_cell) == 64);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, packets) == 8);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, bytes) == 16);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, video) == 24);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, keys) == 32);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, lost) == 40);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, admitted) == 48);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, sound) == 56);
CHANGEOVER_INLINE_ASSERT(offsetof(struct changeover_inline_cell, tag) == 60);
CHANGEOVER_INLINE_ASSERT(sizeof(changeover_input) == 48);
CHANGEOVER_INLINE_ASSERT(offsetof(changeover_input, cell) == 8);
CHANGEOVER_INLINE_ASSERT(offsetof(changeover_input, gate) == 16);
CHANGEOVER_INLINE_ASSERT(offsetof(changeover_input, clock) == 24);
CHANGEOVER_INLINE_ASSERT(offsetof(changeover_input, tag) == 32);
CHANGEOVER_INLINE_ASSERT(offsetof(changeover_input, layout) == 36);
CHANGEOVER_INLINE_ASSERT(CHANGEOVER_VIDEO == 1u && CHANGEOVER_AUDIO == 2u && CHANGEOVER_KEY == 4u);

/* One writer, so a load and a store are exact; atomic because the engine reads meanwhile. */
#define CHANGEOVER_INLINE_LOAD(word) __atomic_load_n(word, __ATOMIC_RELAXED)
#define CHANGEOVER_INLINE_STORE(word, value) __atomic_store_n(word, value, __ATOMIC_RELAXED)
#ifdef __x86_64__
/* The same in one instruction, which GCC does not find by itself. (A cast would not be C++'s.) */
#define CHANGEOVER_INLINE_ADD(word, by) \
  __asm__("addq %1, %0" : "+m"(*(word)) : "er"(UINT64_C(0) + (by)) : "cc")
#else
#define CHANGEOVER_INLINE_ADD(word, by) CHANGEOVER_INLINE_STORE(word, CHANGEOVER_INLINE_LOAD(word) + (by))
#endif

/**
 * Counts one packet of an open input; in every respect as changeover_record.
 *
 * One at a time for each input; wait-free. Since 0.1.
 */
CHANGEOVER_INLINE_FUNCTION uint64_t changeover_record_inline(changeover_input *input, uint32_t bytes,
                                                             uint32_t flags) {
  if (__builtin_expect(input == NULL || input->layout != CHANGEOVER_INLINE_LAYOUT, 0))
    return changeover_record(input, bytes, flags);
  struct changeover_inline_cell *cell = CHANGEOVER_INLINE_POINTER(struct changeover_inline_cell, input->cell);
  /* Another tag: this is a copy of one that was closed. */
  if (__builtin_expect(CHANGEOVER_INLINE_LOAD(&cell->tag) != input->tag, 0))
    return changeover_record(input, bytes, flags);
  uint64_t sound = 0;
  const uint64_t more = CHANGEOVER_INLINE_LOAD(&cell->admitted) >> 61;
  if (__builtin_expect((more & 4u) != 0, 0)) {
    /* But for counting sound: the engine waits for this packet. */
    if (more != 6u) return changeover_record(input, bytes, flags);
    CHANGEOVER_INLINE_STORE(&cell->sound, CHANGEOVER_INLINE_LOAD(&cell->sound) + ((flags >> 1) & 1u));
    sound = UINT64_C(6) << 61;
  }

  const uint64_t *clock = CHANGEOVER_INLINE_POINTER(const uint64_t, input->clock);
  CHANGEOVER_INLINE_STORE(&cell->last_packet, CHANGEOVER_INLINE_LOAD(clock));
  CHANGEOVER_INLINE_ADD(&cell->packets, 1u);
  CHANGEOVER_INLINE_ADD(&cell->bytes, bytes);
  CHANGEOVER_INLINE_ADD(&cell->video, flags & 1u);
  CHANGEOVER_INLINE_ADD(&cell->keys, (flags >> 2) & 1u);

  /* Acquire: who sees the gate's number sees which cells were admitted under it. */
  const uint64_t *gate = CHANGEOVER_INLINE_POINTER(const uint64_t, input->gate);
  uint64_t number = __atomic_load_n(gate, __ATOMIC_ACQUIRE);
  return CHANGEOVER_INLINE_LOAD(&cell->admitted) == (number | sound) ? number : 0;
}

#undef CHANGEOVER_INLINE_ASSERT
#undef CHANGEOVER_INLINE_POINTER
#undef CHANGEOVER_INLINE_LOAD
#undef CHANGEOVER_INLINE_STORE
#undef CHANGEOVER_INLINE_ADD

#else

#define CHANGEOVER_INLINE_LAYOUT 0u

CHANGEOVER_INLINE_FUNCTION uint64_t changeover_record_inline(changeover_input *input, uint32_t bytes,
                                                             uint32_t flags) {
  return changeover_record(input, bytes, flags);
}

#endif

#undef CHANGEOVER_INLINE_FUNCTION

#endif /* CHANGEOVER_INLINE_H */
