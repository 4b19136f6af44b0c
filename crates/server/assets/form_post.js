// Sends the answer to the app. Without this script the button does.
document.getElementById("form_post").requestSubmit();
