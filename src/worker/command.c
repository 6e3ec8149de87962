#include "worker/command.h"

static struct str base_of(struct str path)
{
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    return slash ? str_make(slash + 1, (size_t)(path.ptr + path.len - slash - 1)) : path;
}

/* "python3.12" is python: digits and dots at the end do not count. */
static bool is_interpreter(struct str program)
{
    static const char *const names[] = {"python", "pypy", "perl", "ruby", "node",  "nodejs", "bash",
                                        "sh",     "dash", "zsh",  "java", "julia", "Rscript"};

    while (program.len && strchr("0123456789.", program.ptr[program.len - 1]))
        program.len--;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(program, names[i]))
            return true;
    return false;
}

static bool is_named_like_a_script(struct str word)
{
    static const char *const ends[] = {".py",  ".pyc", ".pyz", ".pl", ".rb", ".js",
                                       ".mjs", ".sh",  ".jar", ".jl", ".R",  ".r"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (str_ends(word, str_of(ends[i])) && word.len > strlen(ends[i]))
            return true;
    return false;
}

static bool is_module(struct str word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.')
            return false;
    }
    return word.len > 0;
}

/* What runs in an interpreter with these arguments; empty when that cannot be told for certain. */
static struct str script_of(struct str arguments)
{
    static const char *const code[] = {"-c", "-e", "-E", "--eval", "-p", "--print"};
    bool first = true;

    while (arguments.ptr) {
        struct str word = str_cut(&arguments, ' ');
        if (!word.len)
            continue;
        if (str_is(word, "-m") || str_is(word, "-jar")) {
            struct str next = arguments.ptr ? base_of(str_cut(&arguments, ' ')) : word;
            return is_module(next) ? next : (struct str){NULL, 0};
        }
        for (size_t i = 0; i < ARRAY_LEN(code); i++)
            if (str_is(word, code[i]))
                return (struct str){NULL, 0};
        if (word.ptr[0] != '-' && (first || is_named_like_a_script(word)))
            return base_of(word);
        if (word.ptr[0] != '-')
            return (struct str){NULL, 0};
        first = false;
    }
    return (struct str){NULL, 0};
}

void command_show(char to[COMMAND_MAX], const char *command, enum process_command how)
{
    struct str rest = str_of(command), script = {NULL, 0};

    to[0] = '\0';
    if (how == PROCESS_COMMAND_FULL)
        str_copy(to, COMMAND_MAX, rest);
    if (how != PROCESS_COMMAND_NAME)
        return;
    struct str program = str_cut(&rest, ' ');
    if (program.len && program.ptr[0] != '[') /* kernel threads have no folder */
        program = base_of(program);
    if (is_interpreter(program) && rest.ptr)
        script = script_of(rest);
    str_copy(to, COMMAND_MAX, program);
    size_t used = strlen(to);
    if (script.len && used + 2 < COMMAND_MAX) {
        to[used++] = ' ';
        str_copy(to + used, COMMAND_MAX - used, script);
    }
}
