"""The component's code: what the extension module says of the libraries that are linked into it."""

import demo
import wit_world


class WitWorld(wit_world.WitWorld):
    def report(self) -> str:
        return demo.report()
