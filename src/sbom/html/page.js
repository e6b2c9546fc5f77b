// Search over the rows of the page's tables. Without script the page lacks only this.
(() => {
    const most = 100;
    const form = document.getElementById("search");
    const query = document.getElementById("query");
    const found = document.getElementById("found");
    const hits = document.getElementById("hits");
    const rows = Array.from(document.querySelectorAll("tr[data-of]"), (row) => {
        const name = row.cells[0].textContent.trim();
        const digests = Array.from(row.querySelectorAll(".digest"), (digest) => digest.textContent);
        return { row, name, text: [row.dataset.of, name, ...digests].join(" ").toLowerCase() };
    });

    const show = (row) => {
        for (let element = row; element; element = element.parentElement) {
            if (element.tagName === "DETAILS") element.open = true;
        }
        document.querySelector("tr.hit")?.classList.remove("hit");
        row.classList.add("hit");
        row.tabIndex = -1;
        row.focus({ preventScroll: true });
        row.scrollIntoView({ block: "center" });
    };

    const search = () => {
        const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
        const matching = words.length ? rows.filter(({ text }) => words.every((word) => text.includes(word))) : [];
        found.textContent = !words.length ? "" : matching.length > most ? `${matching.length} found; the first ${most}:` : `${matching.length} found`;
        hits.replaceChildren(
            ...matching.slice(0, most).map(({ row, name }) => {
                const button = document.createElement("button");
                const of = document.createElement("small");
                button.type = "button";
                of.textContent = ` ${row.dataset.of}`;
                button.append(name, of);
                button.addEventListener("click", () => show(row));
                const item = document.createElement("li");
                item.append(button);
                return item;
            }),
        );
    };

    form.addEventListener("submit", (event) => event.preventDefault());
    query.addEventListener("input", search);
    form.hidden = false;
})();
