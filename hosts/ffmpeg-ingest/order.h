/* order.h: pictures that are sent in another order than they are shown in: is one that was pushed still to be preceded by
 * others? */
#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct order {
  bool known, reorders;
  int64_t top, last; /* presentation times: the latest, and that of the last picture; ns, as `length` */
  int64_t length;
};

/* A picture was pushed; `length` 0: not told. */
void order_see(struct order *order, int64_t pts, int64_t length);
/* Everything that is shown before the latest one is there. Of pictures sent out of order, the one just before it comes last. */
bool order_is_complete(const struct order *order);
/* Is a picture of this time one that is missing? */
bool order_lacks(const struct order *order, int64_t pts);
/* How long the next picture may take, ns: one and a half of its kind. */
uint64_t order_patience(const struct order *order);

#endif
