// Quizzes (theme/quiz.py): the explanation of the option that was chosen comes forward, is spoken, and takes the place kept for it.
// Nothing is sent or stored. Without this script the options are a list and all explanations stand in the <details>.
(function () {
  "use strict";
  document.addEventListener("change", function (event) {
    var input = event.target, quiz = input.closest(".lm-quiz");
    if (!quiz || input.type !== "radio") return;
    var said = quiz.querySelector(".lm-quiz-said"), before = said.firstElementChild;
    if (before) said.parentElement.appendChild(before);
    var why = quiz.querySelector('.lm-quiz-why[data-option="' + input.value + '"]');
    said.appendChild(why);                                          // into the live region: a screen reader speaks it
    quiz.querySelectorAll(".lm-quiz-option").forEach(function (label) {
      var chosen = label.contains(input);
      label.classList.toggle("lm-quiz-right", chosen && why.dataset.right === "true");
      label.classList.toggle("lm-quiz-wrong", chosen && why.dataset.right === "false");
    });
  });

  // On paper everything is to be read.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.slice.call(document.querySelectorAll(".lm-quiz-all:not([open])"));
    opened.forEach(function (details) { details.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
  });
})();
