/* order.c: by presentation times alone. */
#include "order.h"

#include "clock.h"

#define USUAL_LENGTH ((int64_t)(40 * NS_PER_MS))
#define PATIENCE_LEAST (20 * NS_PER_MS)
#define PATIENCE_MOST (100 * NS_PER_MS)
/* Pictures are never further out of order: the clock has stepped. */
#define APART ((int64_t)NS_PER_S)

void order_see(struct order *order, int64_t pts, int64_t length) {
  const bool anew = !order->known || pts < order->top - APART;
  if (anew)
    *order = (struct order){.known = true, .top = pts};
  else if (pts < order->top)
    order->reorders = true;
  else
    order->top = pts;
  order->last = pts;
  order->length = length > 0 && length < APART ? length : USUAL_LENGTH;
}

bool order_is_complete(const struct order *order) {
  if (!order->reorders) return true;
  return order->last < order->top && order->last + order->length * 3 / 2 >= order->top;
}

bool order_lacks(const struct order *order, int64_t pts) {
  return !order_is_complete(order) && pts < order->top && pts > order->top - APART;
}

uint64_t order_patience(const struct order *order) {
  const uint64_t patience = (uint64_t)order->length * 3 / 2;
  if (patience < PATIENCE_LEAST) return PATIENCE_LEAST;
  return patience < PATIENCE_MOST ? patience : PATIENCE_MOST;
}
