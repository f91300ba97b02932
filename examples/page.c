/* The page of an engine: cc page.c $(pkg-config --cflags --libs changeover) && ./a.out */
#include <changeover.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  const char *address = argc > 1 ? argv[1] : "127.0.0.1:9180";
  changeover_engine *engine = NULL;
  changeover_server *server = NULL;
  int32_t error = changeover_new(NULL, &engine);
  if (!error) error = changeover_serve(engine, address, strlen(address), NULL, &server);
  puts(error ? changeover_error_message(error) : address);
  /* Here a host registers its streams and carries out its events. This one waits for Enter. */
  if (!error) getchar();
  changeover_server_free(server);
  changeover_free(engine);
  return error != 0;
}
