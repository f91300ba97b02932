/* page.h: the page, over HTTP. */
#ifndef PAGE_H
#define PAGE_H

#include <changeover.h>
#include <stdbool.h>

struct page_options {
  const char *address;    /* NULL: no page */
  const char *token_file; /* who has the token in it may change things; NULL: nobody */
  const char *names;      /* by which it may be asked, with commas between them; NULL: addresses alone */
  bool only_totals;       /* metrics of the engine alone */
};

/* Serves page, API and metrics. NULL and a message where that is not possible. Ended with changeover_server_free. */
changeover_server *page_serve(changeover_engine *engine, const struct page_options *page);

#endif
