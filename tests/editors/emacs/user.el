;;; user.el --- A user's path in Emacs, without a display -*- lexical-binding: t -*-

;; From a pair with a fault to a line of the dataset, and a kernel written and taken back.  The environment names the
;; client (eglot or lsp-mode), the folder of fusewright.el, the server's program, the pair, and the model's address.

(require 'cl-lib)
(require 'subr-x)
(package-initialize)
(add-to-list 'load-path (getenv "FUSEWRIGHT_TEST_PLUGIN"))
(require 'fusewright)

(defconst client (intern (getenv "FUSEWRIGHT_TEST_CLIENT")))
(require client)
;; As where the menu was opened by a key.
(setq last-nonmenu-event ?a)
(setq fusewright-program (getenv "FUSEWRIGHT_TEST_BINARY")
      fusewright-settings (list :model (list :provider "openai"
                                             :model "simulated-coder"
                                             :base_url (getenv "FUSEWRIGHT_TEST_MODEL"))))
(setq lsp-auto-guess-root t lsp-enable-snippet nil lsp-restart 'ignore lsp-before-save-edits nil
      lsp-session-file (expand-file-name "lsp-session" temporary-file-directory))

(defun await (what condition)
  "Wait until CONDITION gives something, and give that; WHAT is for the message."
  ;; The first verdict of a machine imports torch with a cold disk.
  (let ((end (+ (float-time) 240)) found)
    (while (and (not (setq found (funcall condition))) (< (float-time) end))
      ;; Without a display Emacs is never idle, which is when eglot tells of edits.
      (when (eq client 'eglot) (eglot--signal-textDocument/didChange))
      (accept-process-output nil 0.05))
    (or found (error "Waited in vain for %s\nwhat was said:\n%s" what
                     (with-current-buffer (messages-buffer) (buffer-string))))))

(defun problems ()
  "The texts of the buffer's diagnostics."
  (if (eq client 'eglot)
      (progn (flymake-start) (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
    (mapcar (lambda (one) (format "%s: %s" (lsp-get one :code) (lsp-get one :message)))
            (gethash (file-truename buffer-file-name) (lsp-diagnostics t)))))

(defun problem-with (text)
  "Whether a diagnostic says TEXT."
  (lambda () (seq-find (lambda (one) (string-match-p (regexp-quote text) one)) (problems))))

(defun choose (title)
  "Have the code action at point that TITLE is part of done."
  (let ((choice (lambda (_prompt titles &rest _)
                  (let ((offered (mapcar (lambda (one) (if (consp one) (car one) one)) titles)))
                    (or (seq-find (lambda (one) (string-search title one)) offered)
                        (error "%s is not offered, only: %s" title offered))))))
    (if (eq client 'eglot)
        (cl-letf (((symbol-function 'completing-read) choice))
          (call-interactively #'eglot-code-actions))
      (lsp-execute-code-action
       (or (seq-find (lambda (one) (string-search title (lsp-get one :title))) (lsp-code-actions-at-point))
           (error "%s is not offered" title))))))

(defun said (text)
  "Whether Emacs has shown TEXT."
  (lambda () (with-current-buffer (messages-buffer) (save-excursion (goto-char (point-min)) (search-forward text nil t)))))

(defun holds (text)
  "Whether the buffer holds TEXT."
  (lambda () (string-search text (buffer-substring-no-properties (point-min) (point-max)))))

(find-file (getenv "FUSEWRIGHT_TEST_PAIR"))
(cl-assert (eq major-mode 'fusewright-mode))
(if (eq client 'eglot) (call-interactively #'eglot) (lsp))
(await "the fault" (problem-with "# <TRITION>"))

;; Its fix mends it.
(goto-char (point-min))
(search-forward "# <TRITION>")
(beginning-of-line)
(choose "# <TRITON>")
(await "the fix" (holds "\n# <TRITON>\n"))
(await "a clean file" (lambda () (null (problems))))
(save-buffer)

;; A verdict, asked for as a code action.
(choose "Verify")
(await "the verdict" (problem-with "Right"))
(await "the end of the audit" (said "Fusewright: untimed"))

(fusewright-archive)
(await "the line" (said "archived as line 1 of "))

;; A kernel is one step of undo.
(let ((before (buffer-string)))
  (undo-boundary)
  (fusewright-generate)
  (await "the kernel" (holds "# written by a model"))
  (await "the word of it" (said "wrote the kernel in"))
  (undo-boundary)
  (undo)
  (unless (string= (buffer-string) before)
    (error "One step of undo does not take the kernel back:\n%s" (buffer-string))))
(await "the verdict again" (problem-with "Right"))

(set-buffer-modified-p nil)
(if (eq client 'eglot) (eglot-shutdown (eglot-current-server)) (lsp-workspace-shutdown (lsp-find-workspace 'fusewright nil)))
(kill-emacs 0)
