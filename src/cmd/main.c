/* main.c - finds the command, reads its settings, runs it. */
#include "program.h"

int main(int argc, char **argv)
{
    return program_main(argc, argv);
}
