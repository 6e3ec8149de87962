/* program.h - the program as a function, so that tests can call it. */
#ifndef ALGALON_CMD_PROGRAM_H
#define ALGALON_CMD_PROGRAM_H

/** What main() does. Returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
int program_main(int argc, char **argv);

#endif
