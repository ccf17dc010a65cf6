// Tells a reader that something has happened. The page works without it: whoever loads it again sees the same.
const script = document.currentScript;
const place = document.getElementById("changed");
const source = new EventSource(script.dataset.events);
for (const kind of [
  "reveal", "round", "resolution", "note", "deck-reveal", "deck-resolution",
  "motion", "motion-reveal", "motion-round", "motion-resolution", "wall", "wall-reveal",
]) {
  source.addEventListener(kind, () => {
    if (place.textContent) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = place.dataset.reload;
    place.append(place.dataset.text + " ", link);
  });
}
