/* One of two translation units, C or C++, that include everything, twice; MAIN has main. */
#if defined(__cplusplus) && !defined(ONLY_C)
#include <changeover.hpp>
#include <changeover.hpp>
#endif
#include <changeover_inline.h>
#include <changeover.h>
#include <changeover_inline.h>

#ifdef __cplusplus
extern "C"
#endif
    uint64_t
    other_unit(changeover_input *input);

#ifdef MAIN
int main(void) {
  changeover_input closed = {0, NULL, NULL, NULL, 0, 0, 0};
  return (int)(changeover_record_inline(&closed, 1, CHANGEOVER_VIDEO) + other_unit(&closed));
}
#else
uint64_t other_unit(changeover_input *input) { return changeover_record_inline(input, 1, CHANGEOVER_KEY); }
#endif
