;;; fusewright.el --- PyTorch and Triton pairs: checked, verified, archived -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages, tools

;;; Commentary:

;; Has eglot or lsp-mode start Fusewright's server for pair files and for the file of ideas, and runs its commands.  Put
;; this folder on `load-path', and into your init file, with one of the two hooks:
;;
;;     (require 'fusewright)
;;     (add-hook 'fusewright-mode-hook #'eglot-ensure)
;;     (add-hook 'fusewright-mode-hook #'lsp-deferred)
;;
;; Both clients wait ten seconds for a command by themselves, with Emacs standing still; a verdict or a kernel may take
;; longer.  Here commands run beside the editing, also those that are chosen as code actions or lenses.

;;; Code:

(require 'cl-lib)
(require 'python)
(require 'url-util)

(defgroup fusewright nil "PyTorch and Triton pairs." :group 'languages)

(defcustom fusewright-program "fusewright" "The program that is the server." :type 'file)

(defcustom fusewright-settings nil
  "The keys of fusewright.toml, which win over the workspace's file.
A property list, such as (:verify (:device \"interpreter\"))."
  :type 'plist)

;;;###autoload
(define-derived-mode fusewright-mode python-mode "Pair"
  "Python in which blocks are marked as a pair's.")

;;;###autoload
(define-derived-mode fusewright-ideas-mode text-mode "Ideas"
  "The ideas of a workspace, one on each line.")

(defun fusewright--pair-p ()
  "Whether the buffer is a Python file with a pair's marker on a line of its own."
  (and buffer-file-name
       (string-suffix-p ".py" buffer-file-name)
       (save-excursion
         (goto-char (point-min))
         (re-search-forward "^# <\\(PYTHON\\|TRITON\\|TEST\\)>[ \t\r]*$" nil t))))

;;;###autoload
(add-to-list 'magic-mode-alist '(fusewright--pair-p . fusewright-mode))
;;;###autoload
(add-to-list 'auto-mode-alist '("/triton_training_data/fusion_ideas\\.txt\\'" . fusewright-ideas-mode))

(defconst fusewright--commands
  '(generate fix verify archive cancel init doctor convert nextIdea runIdea runTask abandon)
  "The server's commands.")

(defun fusewright--options ()
  "What the server is told when it starts."
  (list :settings (or fusewright-settings (make-hash-table))))

(defun fusewright--tell (command result)
  "Say what COMMAND gave.
What became of a kernel or a pair, the server says itself."
  (cond
   ((and (equal command "fusewright.doctor") (stringp result))
    (with-help-window "*Fusewright Doctor*" (princ result)))
   ((equal command "fusewright.archive")
    (message "Fusewright: archived as line %s of %s" (fusewright--get result :line) (fusewright--get result :path)))
   ((equal command "fusewright.abandon")
    (message "Fusewright: %s" (fusewright--get result :message)))))

(defun fusewright--get (result key)
  "The value of KEY in RESULT, which is a property list or a hash table."
  (if (hash-table-p result)
      (gethash (substring (symbol-name key) 1) result)
    (plist-get result key)))

(defun fusewright--refused (text)
  "Show a refusal of the server's: TEXT."
  (message "Fusewright: %s" text))

;; With eglot.

(defvar eglot-server-programs)
(defvar eglot-confirm-server-initiated-edits)
(declare-function eglot-current-server "eglot")
(declare-function jsonrpc-async-request "jsonrpc")

(defun fusewright--eglot-contact (_interactive)
  "The server, as eglot starts it."
  (list 'fusewright-eglot-server fusewright-program "server"))

(defun fusewright--eglot-execute (server command arguments)
  "Have SERVER run COMMAND with ARGUMENTS, and do not wait."
  (jsonrpc-async-request
   server :workspace/executeCommand
   (list :command (format "%s" command) :arguments (vconcat arguments))
   :success-fn (lambda (result) (fusewright--tell (format "%s" command) result))
   :error-fn (lambda (failure) (fusewright--refused (plist-get failure :message)))
   :timeout (* 24 60 60))
  nil)

(with-eval-after-load 'eglot
  (dolist (mode '(fusewright-mode fusewright-ideas-mode))
    (put mode 'eglot-language-id "python"))
  (add-to-list 'eglot-server-programs
               '((fusewright-mode fusewright-ideas-mode) . fusewright--eglot-contact))
  ;; The class is made here because its parent comes with eglot.
  (eval
   '(progn
      (defclass fusewright-eglot-server (eglot-lsp-server) () :documentation "Fusewright's server.")
      (cl-defmethod eglot-initialization-options ((_server fusewright-eglot-server))
        (fusewright--options))
      ;; The user asked for the edit; who is asked once more may answer when the server waits no longer.
      (cl-defmethod eglot-handle-request
        ((_server fusewright-eglot-server) (_method (eql workspace/applyEdit)) &key &allow-other-keys)
        (let ((eglot-confirm-server-initiated-edits nil)) (cl-call-next-method)))
      (cl-defmethod eglot-execute-command ((server fusewright-eglot-server) command arguments)
        (fusewright--eglot-execute server command arguments))
      (when (fboundp 'eglot-execute)
        (cl-defmethod eglot-execute ((server fusewright-eglot-server) action)
          (let* ((given (plist-get action :command))
                 (command (if (stringp given) action given)))
            (if command
                (fusewright--eglot-execute server (plist-get command :command) (plist-get command :arguments))
              (cl-call-next-method))))))
   t))

;; With lsp-mode.

(defvar lsp-language-id-configuration)
(declare-function lsp-register-client "lsp-mode")
(declare-function make-lsp-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function lsp-find-workspace "lsp-mode")
(declare-function lsp-request-async "lsp-mode")
(defvar lsp--cur-workspace)

(defun fusewright--lsp-execute (command arguments)
  "Have the server run COMMAND with ARGUMENTS, and do not wait."
  (let ((lsp--cur-workspace (lsp-find-workspace 'fusewright nil)))
    (lsp-request-async
     "workspace/executeCommand"
     (list :command command :arguments (vconcat arguments))
     (lambda (result) (fusewright--tell command result))
     :error-handler (lambda (failure) (fusewright--refused (fusewright--get failure :message)))
     :mode 'detached))
  nil)

(with-eval-after-load 'lsp-mode
  (add-to-list 'lsp-language-id-configuration '(fusewright-mode . "python"))
  (add-to-list 'lsp-language-id-configuration '(fusewright-ideas-mode . "plaintext"))
  (let ((handlers (make-hash-table :test #'equal)))
    (dolist (name fusewright--commands)
      (puthash (format "fusewright.%s" name)
               (lambda (action)
                 (fusewright--lsp-execute (fusewright--get action :command) (fusewright--get action :arguments)))
               handlers))
    (lsp-register-client
     (make-lsp-client
      :new-connection (lsp-stdio-connection (lambda () (list fusewright-program "server")))
      :major-modes '(fusewright-mode fusewright-ideas-mode)
      :initialization-options #'fusewright--options
      :action-handlers handlers
      ;; Beside the user's server for Python.
      :add-on? t
      :priority 1
      :server-id 'fusewright))))

;; The commands.

(defun fusewright--execute (command &rest more)
  "Have the server run COMMAND on the buffer's file, with MORE arguments."
  (let ((server (and (featurep 'eglot) (eglot-current-server)))
        (arguments (cons (concat "file://" (url-hexify-string (expand-file-name buffer-file-name)
                                                              url-path-allowed-chars))
                         more)))
    (cond
     ((and server (object-of-class-p server 'fusewright-eglot-server))
      (fusewright--eglot-execute server command arguments))
     ((and (bound-and-true-p lsp-mode) (lsp-find-workspace 'fusewright nil))
      (fusewright--lsp-execute command arguments))
     (t (user-error "No Fusewright server is at work here: run M-x eglot or M-x lsp in a pair's buffer")))))

(defmacro fusewright--define (name command about)
  "Define the command NAME, which runs COMMAND of the server's, as ABOUT says."
  `(defun ,name () ,about (interactive) (fusewright--execute ,command)))

(fusewright--define fusewright-generate "fusewright.generate" "Have the kernel of this pair written.")
(fusewright--define fusewright-fix "fusewright.fix" "Have the kernel mended, by what its verdict says.")
(fusewright--define fusewright-verify "fusewright.verify" "Judge this pair.  This runs its code.")
(fusewright--define fusewright-archive "fusewright.archive" "Append this pair to the dataset.")
(fusewright--define fusewright-cancel "fusewright.cancel" "End what runs on this buffer.")
(fusewright--define fusewright-abandon "fusewright.abandon" "Give up what is being worked at.")
(fusewright--define fusewright-doctor "fusewright.doctor" "Show what this machine has and lacks.")

(defun fusewright-run (what)
  "Work at WHAT: the \"next\" idea, \"all\" ideas, a \"task\", or the idea on a line."
  (interactive (list (completing-read "Work at (next, all, task, or the line of an idea): " '("next" "all" "task"))))
  (cond
   ((member what '("" "next")) (fusewright--execute "fusewright.nextIdea"))
   ((equal what "all") (fusewright--execute "fusewright.runIdea" '(:all t)))
   ((equal what "task") (fusewright--execute "fusewright.runTask"))
   ((string-match-p "\\`[0-9]+\\'" what)
    (fusewright--execute "fusewright.runIdea" (list :idea (string-to-number what))))
   (t (user-error "Name next, all, task, or the line of an idea"))))

(provide 'fusewright)
;;; fusewright.el ends here
