// Goes on once every app was told in its frame, and after five seconds however that went.
// Without this script the frames are the same, and a link goes on.
const patience = 5000;
let isOver = false;

function over() {
  if (isOver) return;
  isOver = true;
  const told = document.getElementById("told");
  told.textContent = told.dataset.told;
  const onward = document.getElementById("continue");
  if (onward) location.replace(onward.href);
}

// The window has loaded when its frames have.
addEventListener("load", over);
setTimeout(over, patience);
