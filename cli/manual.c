/* manual.c -- the manual page, from the tables of subcommands and options.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/manual.h"

#include <string.h>

#include "spindle.h"

/* Text as troff prints it: no hyphens for minus signs, no line taken for a request. */
static void add_escaped(const char *text, struct spn_text *out)
{
    bool line_start = true;
    for (const char *at = text; *at; at++) {
        if (line_start && (*at == '.' || *at == '\''))
            spn_text_add(out, "\\&");
        if (*at == '-')
            spn_text_add(out, "\\-");
        else if (*at == '\\')
            spn_text_add(out, "\\e");
        else
            spn_text_add(out, "%c", *at);
        line_start = *at == '\n';
    }
}

static void add_option(const struct spn_opt *opt, struct spn_text *out)
{
    bool flag = opt->type == SPN_OPT_FLAG || opt->type == SPN_OPT_NO;
    spn_text_add(out, ".TP\n\\fB\\-\\-");
    add_escaped(opt->name, out);
    spn_text_add(out, "\\fR");
    if (!flag) {
        spn_text_add(out, "=\\fI");
        add_escaped(opt->arg, out);
        spn_text_add(out, "\\fR");
    }
    spn_text_add(out, "\n");
    add_escaped(opt->doc, out);
    spn_text_add(out, "\n");
}

static void add_command(const struct spn_command *command, struct spn_text *out)
{
    spn_text_add(out, ".SS spindle %s ", command->name);
    add_escaped(command->options->name ? "[OPTION ...] " : "", out);
    add_escaped(command->operands, out);
    spn_text_add(out, "\n");
    add_escaped(command->doc, out);
    spn_text_add(out, "\n");
    if (command->details) {
        spn_text_add(out, ".PP\n.nf\n");
        add_escaped(command->details, out);
        spn_text_add(out, ".fi\n");
    }
    for (const struct spn_opt *opt = command->options; opt->name; opt++)
        add_option(opt, out);
    if (command->examples) {
        spn_text_add(out, ".PP\nExamples:\n.PP\n.nf\n");
        add_escaped(command->examples, out);
        spn_text_add(out, ".fi\n");
    }
}

void spn_manual_add(const struct spn_command *const *commands, struct spn_text *out)
{
    spn_text_add(out,
                 ".TH SPINDLE 1 \"\" \"Spindle " SPN_VERSION "\" \"User Commands\"\n"
                 ".SH NAME\n"
                 "spindle \\- latency, energy, area and accuracy of neural networks on "
                 "compute\\-in\\-memory chips\n"
                 ".SH SYNOPSIS\n.B spindle\n.I SUBCOMMAND\n[\\fIOPTION\\fR ...] [\\fIOPERAND\\fR "
                 "...]\n"
                 ".SH SUBCOMMANDS\n");
    for (; *commands; commands++)
        add_command(*commands, out);
    spn_text_add(
        out, ".SH OUTPUT\n"
             "Results go to standard output, all else to standard error. "
             "\\fB\\-\\-format\\fR chooses:\n"
             ".TP\n.B text\nfor people: three digits, prefixes, headings of wide tables in "
             "several lines\n"
             ".TP\n.B tsv\n\"# key value\" lines that say where the numbers come from, then a "
             "line per row: table, row, unit, values in SI units with six digits. Columns are "
             "named by a line \"# [1]section [2]row [3]unit [4]column_unit\" before each table\n"
             ".TP\n.B json\none object: title, provenance, then each table by its name, a list "
             "of objects with a key per column, values in SI units with all digits (null where "
             "there is none); notes\n"
             ".TP\n.B markdown\nthe text as tables of Markdown\n"
             ".PP\nNames of tables, rows and columns are kept from version to version; NEWS.md "
             "says so where one has to change.\n");
    spn_text_add(out, ".SH EXIT STATUS\n"
                      ".TP\n.B 0\nsuccess\n"
                      ".TP\n.B 1\nthe design cannot be built\n"
                      ".TP\n.B 2\nwrong usage\n"
                      ".TP\n.B 3\nan input file is wrong: one line names file, place, value and "
                      "allowed range\n"
                      ".TP\n.B 4\nan internal error, or output that cannot be written\n"
                      ".TP\n.B 130, 143\nstopped by Ctrl\\-C or SIGTERM; what was done until then "
                      "is printed where it can stand alone, and kept where the subcommand keeps "
                      "results\n");
}
