"""A rewriting milter on python3-milter: a peer of the benchmark. Usage as of rewriter.c."""

import os
import sys

import Milter

SOCKET, FOLDER, MODE = sys.argv[1:]
TABLE = {}
for name in os.listdir(FOLDER):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if "@" in words[0]:
                TABLE[words[0].lower()] = words[1]


class Rewriter(Milter.Base):
    def negotiate(self, opts):
        # The wrapper of Debian 12 hands bytes to a function that takes text, so call that function itself.
        for stage in (Milter.M_CONNECT, Milter.M_HELO, Milter.M_ENVFROM, Milter.M_DATA, Milter.M_EOH):
            self._ctx.setsymlist(stage, "{bench_none}")
        self._ctx.setsymlist(Milter.M_ENVRCPT, "i {rcpt_addr} {rcpt_mailer}")
        self._ctx.setsymlist(Milter.M_EOM, "i")
        steps = (
            Milter.P_NOCONNECT | Milter.P_NOHELO | Milter.P_NOHDRS | Milter.P_NOEOH
            | Milter.P_NOBODY | Milter.P_NOUNKNOWN | Milter.P_NODATA | Milter.P_NR_MAIL
        )
        if MODE == "nr":
            steps |= Milter.P_NR_RCPT
        opts[0] = (Milter.ADDRCPT | Milter.DELRCPT | Milter.SETSYMLIST) & opts[0]
        opts[1] = steps & opts[1]
        opts[2] = opts[3] = 0
        self._actions, self._protocol = opts[0], opts[1]
        self.received = []
        return Milter.CONTINUE

    def envfrom(self, path, *parameters):
        self.received = []
        return Milter.NOREPLY

    def envrcpt(self, path, *parameters):
        self.received.append(path)
        return Milter.NOREPLY if MODE == "nr" else Milter.CONTINUE

    def eom(self):
        for path in self.received:
            target = TABLE.get(path.strip("<>").lower())
            if target:
                self.delrcpt(path)
                self.addrcpt("<" + target + ">")
        return Milter.CONTINUE


Milter.factory = Rewriter
Milter.set_flags(Milter.ADDRCPT + Milter.DELRCPT + Milter.SETSYMLIST)
Milter.runmilter("bench", SOCKET, 0)
